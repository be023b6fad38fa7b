// What is around the page: the address that it is opened with, and the frame or notebook that lends it the keys.

const around = (() => {
  const { packed } = numbers;
  const LOWEST = 400; // pixels
  const PRINTED = "<style>@media print{.gr-poster:has(img){display:block!important}.gr-poster:has(img)+iframe{display:none!important}}</style>";

  /**
   * What an address asks for, `#step=7&x0=9`: a step (from the end, where it is negative) and numbers of leaves, by name.
   * A number is read as in a field; what is none, or is of no leaf, is passed over.
   */
  function asked(hash, { leaves }) {
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const changes = {};
    for (const [leaf, name] of Object.entries(leaves)) {
      const x = arithmetic.parse(given.getAll(name)[name === "step" ? 1 : 0] ?? ""); // the first "step" is the step
      if (x !== null) changes[leaf] = x;
    }
    const step = arithmetic.parse(given.get("step") ?? "");
    return { changes, step: Number.isInteger(step) ? step : null };
  }

  /** The address of what is looked at: the step, and the leaves that were edited. */
  function address(state) {
    const edited = Object.entries(state.leaves).map(([leaf, x]) => [state.data.leaves[leaf], packed(x)]);
    return `#${new URLSearchParams([["step", stepper.placeOf(state)], ...edited])}`;
  }

  function hostFrame() {
    try {
      return window.frameElement;
    } catch {
      return null;
    }
  }

  /** Give the keys back to what is around us, and with them this key, if it is to hear it and is of our origin. */
  function handBack(root, event = null) {
    const isAlone = window.parent === window;
    if (!(event && isAlone)) root.getRootNode().activeElement?.blur();
    if (isAlone) return;
    window.parent.focus();
    const frame = hostFrame(); // null where the host is of another origin: it hears the next key
    if (event && frame) frame.dispatchEvent(new KeyboardEvent(event.type, event));
    // But a deck of reveal.js listens to this, from wherever it comes.
    else if (event) window.parent.postMessage(JSON.stringify({ method: /Right|Down/.test(event.key) ? "next" : "prev" }), "*");
  }

  /** Once the page is there, its picture behind the frame goes; on a slide the frame takes what room is left of it. */
  function settle() {
    const frame = hostFrame();
    const poster = frame?.previousElementSibling;
    if (!poster?.matches(".gr-poster")) return;
    // Paper takes no steps, and cuts what is wide: what is printed is the picture.
    if (!poster.matches("[style*=none]")) poster.insertAdjacentHTML("beforeend", PRINTED);
    poster.setAttribute("style", "display:none");
    const [slides, slide, place] = [frame.closest(".reveal .slides"), frame.closest("section"), frame.parentElement];
    if (!slides || !slide || !place.offsetWidth) return;
    const [whole, own] = [slide, place].map((one) => one.getBoundingClientRect());
    const others = (whole.height - own.height) / (own.width / place.offsetWidth); // a deck is scaled
    const high = Math.max(LOWEST, slides.clientHeight - others);
    if (high >= place.offsetHeight) return;
    place.style.minHeight = `${high}px`;
    window.parent.dispatchEvent(new Event("resize")); // so that the deck puts the slide into its middle
  }

  return { asked, address, handBack, settle };
})();
