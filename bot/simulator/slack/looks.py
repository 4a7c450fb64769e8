"""The browser page's style sheet and script, as constant text."""

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#611f69;--go:#007a5a;--stop:#d13}
*{box-sizing:border-box}
body{margin:0;display:flex;height:100vh;font:15px/1.46 system-ui,sans-serif}
nav{width:14rem;padding:1rem;background:var(--accent);color:#fff;overflow:auto;flex:none}
nav h1{font-size:1rem;margin:0 0 1rem}nav h2{font-size:.8rem;margin:1.5rem 0 .3rem;opacity:.8}
nav a{display:block;color:#fff;text-decoration:none;padding:.2rem .5rem;border-radius:4px}
nav a.here{background:#fff3;font-weight:700}
main{flex:1;display:flex;flex-direction:column;min-width:0}
header{padding:.7rem 1rem;border-bottom:1px solid var(--line);display:flex;gap:1rem;align-items:baseline}
.feed{flex:1;overflow:auto;padding:1rem}
.message{padding:.5rem .7rem;border-radius:6px;margin-bottom:.5rem;overflow-wrap:anywhere}
.message:hover{background:var(--soft)}.private{background:var(--soft);border-left:3px solid var(--line)}
.thread{margin:0 0 1rem 1.5rem;border-left:2px solid var(--line);padding-left:.5rem}
small,.context{color:GrayText;font-size:.85em}.context span{margin-right:.5em}
.section{display:flex;gap:1rem;justify-content:space-between;margin:.3rem 0}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}
h3{margin:.4rem 0}hr{border:0;border-top:1px solid var(--line)}
pre,code{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.1em .3em}
pre{padding:.5em;white-space:pre-wrap}
table{border-collapse:collapse}td{border:1px solid var(--line);padding:.2em .5em}
.at{background:#1d9bd122;color:#1264a3;border-radius:3px;padding:0 .15em}.loud{background:#f2c74466}
button{font:inherit;padding:.3rem .8rem;border:1px solid var(--line);border-radius:4px;cursor:pointer}
button.primary{background:var(--go);color:#fff}button.danger{background:var(--stop);color:#fff}
.composer{display:flex;gap:.5rem;padding:1rem;border-top:1px solid var(--line)}
input:not([type=hidden]),textarea,select{font:inherit;flex:1;padding:.4rem .6rem;width:100%}
label{display:block;margin:.7rem 0}.error{color:var(--stop);padding:.3rem 1rem}
.shade{position:fixed;inset:0;background:#0007;display:grid;place-items:center}
dialog{position:static;width:min(34rem,90vw);max-height:85vh;overflow:auto;border:0}
dialog{border-radius:8px;padding:1.2rem}
"""

SCRIPT = """
const feed = document.querySelector('.feed');
if (feed) feed.scrollTop = feed.scrollHeight;
document.addEventListener('submit', event => {
  const ask = event.submitter && event.submitter.dataset.confirm;
  if (ask && !confirm(ask)) event.preventDefault();
});
let typing = false;
document.addEventListener('input', () => { typing = true; });
setInterval(async () => {
  try {
    const answer = await (await fetch('/sim/version')).json();
    if (!typing && String(answer.version) !== document.body.dataset.version) location.reload();
  } catch (error) { /* the simulator has stopped */ }
}, 1000);
"""
