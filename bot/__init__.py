"""imagebot: share Huawei Cloud images from Slack, with approval, memory and proof."""
