// What Python tells the page: generated from viz/page/contract.py by docs/build.py.

/**
 * @typedef {object} Node
 * @property {string} label
 * @property {number | string} [value]
 * @property {boolean} [constant]
 * @property {Array<string>} [scope]
 * @property {string} [op]
 * @property {string} [text]
 * @property {Array<number | Array<number | string>>} [args]
 * @property {Array<string>} [refusals]
 */

/**
 * @typedef {object} Condition
 * @property {Array<Condition>} [any]
 * @property {Array<Condition>} [all]
 * @property {Condition} [not]
 * @property {Array<any>} [compare]
 * @property {string} [holds]
 * @property {string} [fails]
 * @property {string} [nan]
 */

/**
 * @typedef {object} Partial
 * @property {Condition} [test]
 * @property {Partial} [then]
 * @property {Partial} [else]
 * @property {any} [formula]
 * @property {string} [text]
 * @property {string} [flow]
 * @property {boolean} [arithmetic]
 * @property {boolean} [name]
 */

/**
 * @typedef {object} Operation
 * @property {Array<string>} inputs
 * @property {string} symbol
 * @property {string} notation
 * @property {string} call
 * @property {any} value
 * @property {string} math
 * @property {boolean} choice
 * @property {Array<number>} rivals
 * @property {Array<string>} ties
 * @property {Array<Partial>} partials
 */

/**
 * @typedef {object} Fold
 * @property {string} name
 * @property {string} called
 * @property {Array<number>} members
 * @property {number | null} speaker
 * @property {number | null} inside
 * @property {boolean} [plain]
 */

/**
 * @typedef {object} Line
 * @property {Array<string>} uses
 * @property {boolean} adds
 * @property {Array<any>} [difference]
 */

/**
 * @typedef {object} Figures
 * @property {number} digits
 * @property {number} least
 * @property {string} minus
 */

/**
 * @typedef {object} Facts
 * @property {Array<Node>} nodes
 * @property {number} output
 * @property {number | string} seed
 * @property {Figures} figures
 * @property {Record<string, Operation>} operations
 * @property {Record<string, string>} sentences
 */

/**
 * @typedef {object} Shown
 * @property {Record<string, Fold>} folds
 * @property {Record<string, Line>} lines
 */

/**
 * @typedef {object} Opened
 * @property {Record<string, Fold>} folds
 * @property {Record<string, Line>} lines
 * @property {Array<number>} seen
 * @property {number | null} like
 * @property {Array<string>} frames
 * @property {Array<string>} names
 */

/**
 * @typedef {object} Page
 * @property {Array<Node>} nodes
 * @property {number} output
 * @property {number | string} seed
 * @property {Figures} figures
 * @property {Record<string, Operation>} operations
 * @property {Record<string, string>} sentences
 * @property {string} shell
 * @property {Record<string, number>} scale
 * @property {Record<string, string>} leaves
 * @property {Record<string, string>} notation
 * @property {Record<string, Fold>} folds
 * @property {Array<number>} unseen
 * @property {Record<string, Line>} lines
 * @property {Shown | null} folded
 * @property {Array<Opened>} insides
 */

/**
 * @typedef {object} Window
 * @property {string} letter
 * @property {number | null} output
 * @property {Array<number>} place
 * @property {Array<number>} members
 * @property {Array<Array<any>>} uses
 * @property {Array<number>} frame
 * @property {boolean} choice
 */

/**
 * @typedef {object} Grid
 * @property {string} title
 * @property {Array<Array<Array<any>>>} cells
 * @property {Array<number>} shape
 * @property {number} colours
 * @property {Array<Window>} windows
 */

/**
 * @typedef {object} Told
 * @property {Page} data
 * @property {Grid | null} grid
 * @property {"auto" | "light" | "dark"} theme
 * @property {number} start
 */

/**
 * @typedef {object} PoolOf
 * @property {number} source
 * @property {number} kernel
 * @property {number} stride
 * @property {number} padding
 */

/**
 * @typedef {object} MapNodes
 * @property {string} name
 * @property {string} kind
 * @property {Array<number>} shape
 * @property {number} layer
 * @property {number} made
 * @property {string} nodes
 * @property {PoolOf | null} pool
 */

/**
 * @typedef {object} Net
 * @property {Record<string, Operation>} operations
 * @property {string} ops
 * @property {string} args
 * @property {string} constants
 * @property {string} leaves
 * @property {number} output
 * @property {number | string} seed
 * @property {string} name
 * @property {Figures} figures
 * @property {Record<string, string>} sentences
 * @property {Array<MapNodes>} maps
 * @property {Record<string, Record<string, Array<Array<string>>>>} looks
 * @property {string} shell
 */

export {};
