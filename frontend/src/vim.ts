// Vim's keys, loaded when somebody wants them.

import { Prec, type Extension } from "@codemirror/state";
import { Vim, vim } from "@replit/codemirror-vim";

/** `:w` saves what is saved anyway, `:wq` and `:x` submit. */
export function vimKeys(save: () => void, submit: () => void): Extension {
    Vim.defineEx("write", "w", save);
    Vim.defineEx("xit", "x", submit);
    Vim.defineEx("wq", "wq", submit);
    return Prec.high(vim({ status: true }));
}
