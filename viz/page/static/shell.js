// The shell of a page, of the stepper's and of the network's: its places, where one is among the steps, its look.

/** The places of the shell, by name: parts to fill, buttons by what they do, keys. */
function shellOf(markup) {
  const root = h("div", { class: "gradroute", tabindex: -1, "data-lm-suppress-shortcuts": "true" });
  root.innerHTML = markup; // without a word of the graph
  const collect = (kind) => Object.fromEntries([...root.querySelectorAll(`[data-${kind}]`)].map((one) => [one.dataset[kind], one]));
  return { root, part: collect("part"), buttons: collect("do"), keys: collect("key") };
}

/** Where one is among the steps; answers how a place among them is said in CSS. */
function showPlace({ root, part, buttons }, state) {
  const { run, index, playing, speed } = state;
  const { phase } = stepper.step(state);
  const last = stepper.last(state);
  const share = (place) => `${(100 * place) / last}%`;
  root.dataset.phase = phase;
  part.slider.max = last;
  part.slider.value = index;
  part.slider.ariaValueText = `${index} of ${last}, ${phase}`;
  part.track.style.setProperty("--split", share(run.ahead - 0.5));
  part.track.style.setProperty("--at", share(index));
  part.track.children[1].hidden = run.ahead > last; // of what is inside of a scope that no gradient reaches
  part.count.textContent = `${index} / ${last}`;
  part.speed.value = speed;
  buttons.play.ariaLabel = playing ? "Pause" : "Play";
  return share;
}

/** The look of page or frame: its own, or that of what is around it. */
function showTheme({ root, buttons }, { theme }, page) {
  const dark = theme === "auto" ? hostIsDark() : theme === "dark";
  for (const one of page ? [root, document.documentElement] : [root]) {
    if (one.dataset.look !== (dark ? "dark" : "light")) one.dataset.look = dark ? "dark" : "light";
  }
  h(buttons.theme, { "aria-label": `Theme: ${theme}`, title: `Theme: ${theme} (t)` });
}
