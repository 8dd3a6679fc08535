"""Hand-made clips whose facts are known: poses by angles, gaits by two-bone legs."""

from __future__ import annotations

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.tests.engine.evaluation.motions import Puppet, pulse

LEG = 0.8
HIP_BELOW_PELVIS, ANKLE_STANDS = 0.075, 0.075


def ease(t, start, seconds):
    """Return 0 before, 1 behind, smoothly in between (T,)."""
    at = np.clip((t - start) / seconds, 0.0, 1.0)
    return at * at * (3.0 - 2.0 * at)


def bump(t, start, rise, hold, fall=None):
    """Return 0, up to 1, held, back to 0."""
    return ease(t, start, rise) - ease(t, start + rise + hold, rise if fall is None else fall)


def place_foot(puppet: Puppet, side: str, ahead, height) -> None:
    """Bend a leg so that its flat foot stands `ahead` of the hip, its sole at a world height."""
    down = puppet.pelvis[:, 1] - HIP_BELOW_PELVIS - ANKLE_STANDS - height
    reach = np.clip(np.hypot(ahead, down), 0.1, LEG * 0.999)
    half = np.degrees(np.arccos(reach / LEG))
    hip = -(np.degrees(np.arctan2(ahead, down)) + half)
    puppet.bend(f"{side}_hip", "x", hip).bend(f"{side}_knee", "x", 2 * half)
    puppet.bend(f"{side}_ankle", "x", -(hip + 2 * half))


def gait(speed, period=1.1, stance=0.62, low=0.06, rise_per_second=0.0) -> Puppet:
    """Walk (stance above half) or run straight ahead (behind if speed < 0) on planted feet."""
    puppet = Puppet(4.0)
    puppet.move(up=rise_per_second * puppet.t - low, ahead=speed * puppet.t)
    stride = speed * period
    for side, late in (("left", 0.0), ("right", 0.5)):
        phase = puppet.t / period + late
        whole, part = np.floor(phase), phase % 1.0
        swing = np.clip((part - stance) / (1.0 - stance), 0.0, 1.0)
        eased = swing * swing * (3 - 2 * swing)
        at = (whole - late + stance / 2 + eased) * stride
        ground = rise_per_second * period * (whole - late + eased)
        lift = 0.13 * np.sin(np.pi * swing)
        place_foot(puppet, side, at - puppet.pelvis[:, 2], ground + lift)
    return puppet


def stand(seconds=3.0) -> Puppet:
    return Puppet(seconds)


def walk() -> Puppet:
    return gait(1.1)


def run() -> Puppet:
    puppet = gait(3.0, period=0.66, stance=0.32, low=0.1)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        puppet.bend(f"{side}_shoulder", "x", sign * 30 * np.sin(2 * np.pi * puppet.t / 0.66))
    return puppet


def slide(left=0.0, ahead=0.0, seconds=3.0) -> Puppet:
    puppet = Puppet(seconds)
    return puppet.move(left=left * puppet.t, ahead=ahead * puppet.t)


def sit(puppet: Puppet, amount) -> Puppet:
    for side in ("left", "right"):
        puppet.bend(f"{side}_hip", "x", -85 * amount).bend(f"{side}_knee", "x", 85 * amount)
    return puppet.move(up=-0.38 * amount, ahead=-0.4 * amount)


def seated() -> Puppet:
    return sit(Puppet(3.0), 1.0)


def sitting_down() -> Puppet:
    puppet = Puppet(4.0)
    return sit(puppet, ease(puppet.t, 1.2, 1.0))


def standing_up() -> Puppet:
    puppet = Puppet(4.0)
    return sit(puppet, 1.0 - ease(puppet.t, 1.2, 1.0))


def kneel(puppet: Puppet, amount) -> Puppet:
    for side in ("left", "right"):
        puppet.bend(f"{side}_knee", "x", 90 * amount).bend(f"{side}_ankle", "x", 60 * amount)
    return puppet.move(up=-0.42 * amount)


def kneeling_down() -> Puppet:
    puppet = Puppet(4.0)
    return kneel(puppet, ease(puppet.t, 1.2, 1.0))


def all_fours(seconds=3.0, speed=0.0) -> Puppet:
    puppet = Puppet(seconds).bend("pelvis", "x", 80.0)
    for side in ("left", "right"):
        puppet.bend(f"{side}_hip", "x", -80.0).bend(f"{side}_knee", "x", 90.0)
        puppet.bend(f"{side}_ankle", "x", 50.0)
        puppet.arm(side, 0.0, 90.0)
    return puppet.move(up=-0.42, ahead=speed * puppet.t)


def lie(puppet: Puppet, amount) -> Puppet:
    """Sink backwards onto the back."""
    for side in ("left", "right"):
        puppet.arm(side, -70.0)
    puppet.bend("pelvis", "x", -90 * np.asarray(amount))
    return puppet.move(up=-0.82 * np.asarray(amount))


def lying() -> Puppet:
    return lie(Puppet(3.0), 1.0)


def falling() -> Puppet:
    puppet = Puppet(4.0)
    return lie(puppet, ease(puppet.t, 1.2, 0.8))


def getting_up() -> Puppet:
    puppet = Puppet(4.0)
    return lie(puppet, 1.0 - ease(puppet.t, 1.2, 1.2))


def rolling() -> Puppet:
    """Lie on the back, then turn about the body's long axis onto the belly."""
    puppet = lying()
    turn = 180 * ease(puppet.t, 1.0, 0.8)
    return puppet.bend("pelvis", "z", turn)


def jump(middles=(1.2,), ahead=0.0, seconds=3.0) -> Puppet:
    puppet = Puppet(seconds)
    for middle in middles:
        flight = np.clip((puppet.t - middle + 0.25) / 0.5, 0.0, 1.0)
        puppet.squat(50 * pulse(puppet.t, middle - 0.4, 0.12))
        puppet.squat(40 * pulse(puppet.t, middle + 0.36, 0.1))
        puppet.move(up=4.9 * 0.25 * flight * (1 - flight), ahead=ahead * flight)
    return puppet


def jump_down() -> Puppet:
    """Jump from half a metre above the ground onto it."""
    puppet = jump()
    return puppet.move(up=0.5 * (1.0 - np.clip((puppet.t - 0.95) / 0.5, 0.0, 1.0)))


def flip() -> Puppet:
    """Turn over backwards once, high in the air."""
    puppet = Puppet(3.0)
    flight = np.clip((puppet.t - 1.0) / 0.7, 0.0, 1.0)
    return puppet.bend("pelvis", "x", -360 * flight).move(up=2.4 * flight * (1.0 - flight))


def march_in_place() -> Puppet:
    """Lift one knee and the other, four times in as many seconds."""
    puppet = Puppet(4.0)
    for side, half in (("left", 0.0), ("right", np.pi)):
        lift = 60 * np.maximum(0.0, np.sin(2 * np.pi * puppet.t + half))
        puppet.bend(f"{side}_hip", "x", -lift).bend(f"{side}_knee", "x", lift)
    return puppet


def drag() -> Puppet:
    """Go backwards, bent over, the hands low."""
    return gait(-0.6).bend("spine1", "x", 45.0)


def kick(degrees=75.0, middles=(1.2,)) -> Puppet:
    puppet = Puppet(3.0)
    blow = sum(pulse(puppet.t, middle, 0.16) for middle in middles)
    return puppet.bend("left_hip", "x", -degrees * blow)


def raise_forearm(puppet: Puppet, side: str, degrees) -> Puppet:
    """Bend an elbow in the upright plane of its arm."""
    return puppet.bend(f"{side}_elbow", "z", (1.0 if side == "left" else -1.0) * degrees)


def punch(middles=(1.2,)) -> Puppet:
    puppet = Puppet(3.0)
    blow = sum(pulse(puppet.t, middle, 0.13) for middle in middles)
    for side in ("left", "right"):
        out = blow if side == "left" else 0.0
        puppet.arm(side, -35 + 30 * out, 80.0)
        raise_forearm(puppet, side, 100 * (1.0 - out))
    return puppet


def box() -> Puppet:
    """Left, right, left, right."""
    puppet = Puppet(3.6)
    for side, first in (("left", 0.8), ("right", 1.3)):
        out = sum(pulse(puppet.t, first + later, 0.13) for later in (0.0, 1.0))
        puppet.arm(side, -35 + 30 * out, 80.0)
        raise_forearm(puppet, side, 100 * (1.0 - out))
    return puppet


def swing_together() -> Puppet:
    """Swing both hands, one on the other, from one side to the other and back."""
    puppet = Puppet(3.0)
    swung = np.sin(2 * np.pi * 1.6 * puppet.t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.arm(side, -20.0, 95 + 50 * sign * swung).elbow(side, 20.0)
    return puppet


def arms_fly_up() -> Puppet:
    puppet = Puppet(3.0)
    for side in ("left", "right"):
        puppet.arm(side, -80 + 150 * ease(puppet.t, 1.0, 0.4))
    return puppet


def dance() -> Puppet:
    """Lift the knees in turn, swing the arms and twist the hips."""
    puppet = march_in_place()
    beat = np.sin(2 * np.pi * 1.2 * puppet.t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.arm(side, -20 + 55 * sign * beat, 30.0)
    return puppet.bend("pelvis", "y", 35 * beat)


def throw() -> Puppet:
    puppet = Puppet(3.0)
    wound, out = ease(puppet.t, 0.5, 0.6), ease(puppet.t, 1.25, 0.3)
    away = ease(puppet.t, 1.8, 0.6)
    return puppet.arm("left", -80 + 110 * wound - 40 * out - 70 * away, -40 * wound + 140 * out)


def wave(swings=4) -> Puppet:
    """Raise the left hand, swing the forearm `swings` times there and back, lower it."""
    puppet = Puppet(1.6 + 0.5 * swings)
    up = bump(puppet.t, 0.2, 0.5, 0.5 * swings + 0.1)
    going = (puppet.t > 0.7) & (puppet.t < 0.7 + 0.5 * swings)
    swing = np.where(going, np.sin(2 * np.pi * (puppet.t - 0.7) / 0.5), 0.0)
    puppet.arm("left", -80 + 90 * up)
    return puppet.bend("left_elbow", "z", (80 + 30 * swing) * up)


def clap(times=3) -> Puppet:
    puppet = Puppet(1.0 + 0.5 * times)
    going = (puppet.t > 0.5) & (puppet.t < 0.5 + 0.5 * times)
    shut = np.where(going, 0.5 - 0.5 * np.cos(2 * np.pi * (puppet.t - 0.5) / 0.5), 0.0)
    for side in ("left", "right"):
        puppet.arm(side, -30.0, 70 + 15 * shut).elbow(side, 30 * shut)
    return puppet


def turn(degrees=90.0, seconds=0.9) -> Puppet:
    puppet = Puppet(3.0)
    return puppet.bend("pelvis", "y", degrees * ease(puppet.t, 1.0, seconds))


def circle() -> Puppet:
    puppet = Puppet(4.0)
    yaw = np.radians(75) * puppet.t
    puppet.bend("pelvis", "y", np.degrees(yaw))
    return puppet.move(left=np.cumsum(np.sin(yaw)) / 30, ahead=np.cumsum(np.cos(yaw)) / 30)


def squat() -> Puppet:
    puppet = Puppet(4.0)
    return puppet.squat(60 * bump(puppet.t, 1.0, 0.7, 0.2))


def crouch_along() -> Puppet:
    return gait(0.7, low=0.27)


def pick_up() -> Puppet:
    puppet = Puppet(4.0)
    down = bump(puppet.t, 1.0, 0.8, 0.3)
    for side in ("left", "right"):
        puppet.arm(side, -80 + 60 * down, 80 * down)
    return puppet.bend("spine1", "x", 80 * down).squat(45 * down)


def bow() -> Puppet:
    puppet = Puppet(4.0)
    return puppet.bend("spine1", "x", 45 * bump(puppet.t, 1.0, 0.6, 0.5))


def hang() -> Puppet:
    return Puppet(3.0).move(up=0.7).arm("left", 85.0).arm("right", 85.0)


def one_leg() -> Puppet:
    puppet = Puppet(3.0)
    up = ease(puppet.t, 0.3, 0.6)
    return puppet.bend("left_hip", "x", -70 * up).bend("left_knee", "x", 90 * up)


def tiptoe() -> Puppet:
    puppet = Puppet(3.0)
    for side in ("left", "right"):
        puppet.bend(f"{side}_ankle", "x", 40.0)
    return puppet.move(up=0.07)


def arms(up, ahead=0.0, elbow=0.0) -> Puppet:
    puppet = Puppet(2.5)
    for side in ("left", "right"):
        puppet.arm(side, up, ahead).elbow(side, elbow)
    return puppet


def raise_left() -> Puppet:
    return Puppet(2.5).arm("left", 80.0)


def hand_on_hip(sides=("left",)) -> Puppet:
    puppet = Puppet(2.5)
    for side in sides:
        raise_forearm(puppet.arm(side, -60.0, -10.0), side, -70.0)
    return puppet


def fold_arms() -> Puppet:
    puppet = Puppet(2.5)
    for side in ("left", "right"):
        puppet.arm(side, -70.0, 60.0).elbow(side, 110.0)
    return puppet


def touch_face() -> Puppet:
    puppet = Puppet(2.5).arm("left", -30.0, 90.0)
    return raise_forearm(puppet, "left", 145.0)


def hide_face() -> Puppet:
    puppet = Puppet(2.5)
    for side in ("left", "right"):
        raise_forearm(puppet.arm(side, -30.0, 90.0), side, 145.0)
    return puppet


def salute() -> Puppet:
    return raise_forearm(Puppet(2.5).arm("left", 15.0, 20.0), "left", 135.0)


def point(ahead) -> Puppet:
    """Hold the straight left arm level, by some degrees to the front."""
    return Puppet(2.5).arm("left", 0.0, ahead)


def carry() -> Puppet:
    puppet = Puppet(3.0)
    for side in ("left", "right"):
        puppet.arm(side, -75.0, 80.0)
        raise_forearm(puppet, side, 75.0)
    return puppet


def cartwheel() -> Puppet:
    puppet = Puppet(3.0).arm("left", 80.0).arm("right", 80.0)
    return puppet.bend("pelvis", "z", -360 * ease(puppet.t, 0.8, 1.4))


def skip() -> Puppet:
    """Step, hop on the left, step, hop on the right."""
    puppet = Puppet(4.5)
    beat = 1.0
    part = puppet.t % beat
    flight = np.clip((part - 0.4) / 0.27, 0.0, 1.0)
    puppet.move(up=4.9 * 0.27**2 * flight * (1 - flight) - 0.06)
    stay = np.floor(puppet.t / beat) + ease(part, 0.38, 0.3)
    puppet.move(ahead=1.0 * stay)
    is_left = np.floor(puppet.t / beat).astype(int) % 2 == 0
    for side, carries in (("left", is_left), ("right", ~is_left)):
        height = np.where(carries, 0.0, 0.22) + 4.9 * 0.27**2 * flight * (1 - flight)
        place_foot(puppet, side, np.where(carries, 0.0, 0.05), height)
    return puppet


def walk_then_jump() -> Puppet:
    """Walk for 3 s, stand a while, jump."""
    puppet = jump(middles=(5.0,), seconds=6.5)
    return puppet.move(ahead=1.0 * np.minimum(puppet.t, 3.0))


def noisy(clip: Clip, seed: int = 0) -> Clip:
    """Return the clip as decoded codes would give it: joints off by about 2 cm, slowly changing."""
    random = np.random.default_rng(seed)
    kernel = np.hanning(9)[1:-1] / np.linalg.norm(np.hanning(9)[1:-1])
    white = random.standard_normal((clip.frames + 6, 23, 3))
    wander = sum(kernel[i] * white[i : i + clip.frames] for i in range(7))
    off = quaternions.vectors_to_quaternions(np.radians(1.5) * wander[:, :22])
    return Clip(clip.root_pos + 0.01 * wander[:, 22], quaternions.multiply(clip.rot, off))
