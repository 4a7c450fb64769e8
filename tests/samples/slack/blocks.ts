import type { KnownBlock, ModalView, HomeView } from '@slack/types';

export type MessageBlocks = KnownBlock[];
export type Modal = Omit<ModalView, 'blocks'> & { blocks: KnownBlock[] };
export type Home = Omit<HomeView, 'blocks'> & { blocks: KnownBlock[] };
