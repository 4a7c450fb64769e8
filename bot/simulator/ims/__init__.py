"""A small strict Huawei Cloud IMS with its gateway and IAM, on loopback. Start with `SimIms`."""

from bot.simulator.ims.console import HUAWEI_PROJECT, SimIms
from bot.simulator.ims.records import Call, Effect, Image, Job, Switches

__all__ = ["HUAWEI_PROJECT", "Call", "Effect", "Image", "Job", "SimIms", "Switches"]
