// What stands before the page's scripts: the functions that autodiff.programs.javascript makes of the table of primitives.
declare const primitives: Record<string, (...numbers: number[]) => number>;
