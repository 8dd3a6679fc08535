"""Makes docs/gallery/index.html: 60 prompts, two takes each, as looping figures on one page.

    python docs/gallery.py [--weights DIR] [--out docs/gallery] [--seeds 2]

The page needs no network: joints lie in it as bytes, ten poses a second.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gallery_prompts import PROMPTS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.api import SystemEngine, load_engine  # noqa: E402
from engine.models.catalogue import SHIPPED  # noqa: E402
from engine.motion.clip import Clip  # noqa: E402
from engine.motion.request import MotionRequest, MotionResult  # noqa: E402
from engine.motion.running import run_to_end  # noqa: E402
from engine.motion.skeleton import FPS, JOINTS, PARENTS  # noqa: E402

POSES_A_SECOND = 10


def packed(clip: Clip) -> dict[str, Any]:
    """Return a clip's joints as base64: centimetres from where the pelvis is on the floor."""
    joints = clip.joints()[:: FPS // POSES_A_SECOND]
    roots = np.round(100 * joints[:, 0, [0, 2]]).astype("<i2")
    places = joints - joints[:, :1] * np.array([1.0, 0.0, 1.0])
    bytes_ = np.clip(np.round(100 * places / 2), -127, 127).astype(np.int8)
    return {
        "poses": len(joints),
        "roots": base64.b64encode(roots.tobytes()).decode(),
        "joints": base64.b64encode(bytes_.tobytes()).decode(),
    }


def card(prompt: str, result: MotionResult) -> str:
    """Return the HTML of one prompt: its plan, and a canvas a take."""
    plan = ", ".join(
        f"{track.text} {track.start:.1f}-{track.end:.1f} s"
        + ("" if len(track.parts) == 4 else f" ({' '.join(part.lower() for part in track.parts)})")
        for track in result.plan
    )
    notes = "".join(f"<p class=note>{html.escape(note)}</p>" for note in result.notes)
    takes = "".join(
        f"<canvas width=230 height=190 data-take='{json.dumps(packed(clip))}'></canvas>"
        for clip in result.clips
    )
    words = f"<h2>{html.escape(prompt)}</h2>{takes}<p>{html.escape(plan)}</p>"
    return f"<section>{words}{notes}</section>"


PAGE = """<!doctype html><meta charset=utf-8><title>Keyfill: gallery of takes</title>
<style>body{font:14px sans-serif;margin:16px;background:#fafafa;color:#222}
main{display:flex;flex-wrap:wrap;gap:12px}section{background:#fff;border:1px solid #ddd;
padding:8px;width:470px}h2{font-size:15px;margin:0 0 4px}p{margin:2px 0;color:#555;font-size:12px}
.note{color:#a33}canvas{background:#f4f4f4;margin-right:4px}</style>
<h1>Takes of the grid model</h1><p>%COUNT% prompts, seeds 0 to %LAST%; left is red, right is blue.
Made by <code>python docs/gallery.py</code>.</p><main>%CARDS%</main>
<script>
const PARENTS=%PARENTS%, LEFT=%LEFT%, RIGHT=%RIGHT%, RATE=%RATE%;
const bytes=text=>Uint8Array.from(atob(text),c=>c.charCodeAt(0));
const takes=[...document.querySelectorAll('canvas')].map(canvas=>{
 const take=JSON.parse(canvas.dataset.take);
 return {canvas,poses:take.poses,joints:new Int8Array(bytes(take.joints).buffer),
  roots:new Int16Array(bytes(take.roots).buffer)};});
const isSeen=box=>box.bottom>0&&box.top<innerHeight;
function draw(now){for(const take of takes){const box=take.canvas.getBoundingClientRect();
 if(!isSeen(box))continue;const g=take.canvas.getContext('2d'),w=230,h=190,scale=70;
 const at=(now/1000*RATE)%(take.poses+RATE),f=Math.min(Math.floor(at),take.poses-1);
 g.clearRect(0,0,w,h);g.strokeStyle='#bbb';g.lineWidth=1;
 const yaw=0.6,c=Math.cos(yaw),s=Math.sin(yaw);
 const px=take.roots[2*f]/100,pz=take.roots[2*f+1]/100,floor=h*0.85;
 for(let k=-6;k<=6;k++){for(const [ax,az,bx,bz] of [[k,-6,k,6],[-6,k,6,k]]){
  const fx=px-Math.floor(px),fz=pz-Math.floor(pz);const p=(x,z)=>{x-=fx;z-=fz;
   return [w/2+(c*x+s*z)*scale,floor+(-s*x+c*z)*scale*0.22];};
  g.beginPath();g.moveTo(...p(ax,az));g.lineTo(...p(bx,bz));g.stroke();}}
 g.lineWidth=3;for(let j=1;j<PARENTS.length;j++){const p=[PARENTS[j],j].map(i=>{
  const o=(f*PARENTS.length+i)*3,x=take.joints[o]/50,y=take.joints[o+1]/50,z=take.joints[o+2]/50;
  return [w/2+(c*x+s*z)*scale,floor-y*scale+(-s*x+c*z)*scale*0.22];});
  g.strokeStyle=LEFT.includes(j)?'#c33':RIGHT.includes(j)?'#36c':'#222';
  g.beginPath();g.moveTo(...p[0]);g.lineTo(...p[1]);g.stroke();}}
 requestAnimationFrame(draw);}
requestAnimationFrame(draw);
</script>
"""


def page(engine: SystemEngine, seeds: int) -> str:
    """Return the whole page."""
    cards = []
    for number, (prompt, seconds) in enumerate(PROMPTS, 1):
        print(f"{number}/{len(PROMPTS)} {prompt}", flush=True)
        request = MotionRequest(prompt, seconds=seconds, takes=seeds)
        cards.append(card(prompt, run_to_end(engine.run(request))))
    left = [i for i, name in enumerate(JOINTS) if name.startswith("left")]
    right = [i for i, name in enumerate(JOINTS) if name.startswith("right")]
    values = {
        "COUNT": len(PROMPTS), "LAST": seeds - 1, "CARDS": "\n".join(cards),
        "PARENTS": json.dumps(list(PARENTS)), "LEFT": json.dumps(left),
        "RIGHT": json.dumps(right), "RATE": POSES_A_SECOND,
    }  # fmt: skip
    text = PAGE
    for name, value in values.items():
        text = text.replace(f"%{name}%", str(value))
    return text


def main() -> None:
    """Make the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "gallery")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    place = options.out / "index.html"
    place.write_text(page(load_engine(options.weights, "cpu"), options.seeds), encoding="utf-8")
    print(place)


if __name__ == "__main__":
    main()
