// Every text that the scripts show, in both languages; the pages' own texts are the server's. {name} is filled in.

export type Lang = "en" | "zh";

export const WORDS = {
    // drafts
    saved: { en: "saved {time}", zh: "已保存 {time}" },
    starterAsIs: { en: "nothing typed yet", zh: "尚未改动" },
    saving: { en: "saving", zh: "保存中" },
    unsaved: { en: "not saved: the server does not answer. Kept in this browser, tried again.", zh: "未保存：服务器没有响应。已存在本浏览器里，会自动重试。" },
    unsavedNowhere: { en: "not saved: the server does not answer and this browser keeps nothing. Copy your code before you leave.", zh: "未保存：服务器没有响应，浏览器也存不下。离开前请先复制代码。" },
    refused: { en: "not saved: {message}", zh: "未保存：{message}" },
    conflictTitle: { en: "Written elsewhere, too", zh: "别处也改过" },
    conflict: {
        en: "This code was changed in another window or on another device at {time}. Both versions are kept; choose the one to go on with.",
        zh: "这份代码在另一个窗口或设备上也改过（{time}）。两个版本都保留着，请选择接着写哪一个。",
    },
    keepMine: { en: "Go on with mine", zh: "用我这份" },
    takeTheirs: { en: "Take the other", zh: "用另一份" },
    compareBoth: { en: "Compare", zh: "对比" },
    restored: { en: "What you typed before the page closed is back.", zh: "页面关闭前输入的内容已恢复。" },

    // editor
    editorLabel: { en: "Your solution, Python. Escape, then Tab leaves the editor.", zh: "你的解答，Python 编辑器。按 Esc 再按 Tab 可离开。" },
    tabFree: { en: "Tab now leaves the editor; any other key takes it back.", zh: "现在按 Tab 会离开编辑器；按其他键恢复缩进。" },
    syntaxError: { en: "syntax", zh: "语法" },
    compare: { en: "compare", zh: "对比" },
    reset: { en: "reset", zh: "重置" },
    compareMore: { en: "with an earlier version", zh: "与之前的版本" },
    resetMore: { en: "to the starter", zh: "为初始代码" },
    resetAsk: { en: "Put the starter back? Your code stays in the history, and undo brings it back.", zh: "恢复成初始代码？你的代码仍在历史里，也可以撤销。" },
    resetYes: { en: "Put it back", zh: "恢复" },
    resetDone: { en: "The starter is back. Undo with {key}.", zh: "已恢复初始代码，可用 {key} 撤销。" },
    cancel: { en: "Cancel", zh: "取消" },
    close: { en: "Close", zh: "关闭" },
    vim: { en: "Vim keys", zh: "Vim 键位" },
    vimOn: { en: "Vim keys are on.", zh: "Vim 键位已开启。" },
    vimOff: { en: "Vim keys are off.", zh: "Vim 键位已关闭。" },
    smaller: { en: "Smaller type", zh: "缩小字号" },
    larger: { en: "Larger type", zh: "放大字号" },
    fontSize: { en: "Type is {size} px.", zh: "字号 {size} 像素。" },
    notLoaded: { en: "This part could not be loaded. Reload the page when the server answers again.", zh: "这部分没有加载成功，等服务器恢复后刷新页面。" },

    // compare
    compareTitle: { en: "Compare with", zh: "与此对比" },
    lastPassed: { en: "the last that passed", zh: "上次通过的提交" },
    starter: { en: "the starter", zh: "初始代码" },
    theirs: { en: "the other version", zh: "另一份" },
    submissionOf: { en: "{time}, {verdict}", zh: "{time}，{verdict}" },
    yours: { en: "yours now", zh: "当前代码" },
    noDifference: { en: "No difference.", zh: "没有差别。" },
    nothingToCompare: { en: "No submission of this kata yet; compared with the starter.", zh: "这道题还没有提交，先与初始代码对比。" },
    older: { en: "Older ones", zh: "更早的提交" },
    notRead: { en: "This could not be loaded. Choose another one, or try again.", zh: "没有加载成功，请另选一份或重试。" },
    listNotRead: { en: "Your earlier submissions could not be loaded.", zh: "之前的提交没有加载成功。" },

    // submitting
    sending: { en: "Sending", zh: "发送中" },
    waiting: { en: "Waiting for the grader", zh: "等待判题" },
    place: { en: "Waiting for the grader: {place} before you", zh: "排队中：前面还有 {place} 个" },
    next: { en: "Waiting for the grader: you are next", zh: "排队中：下一个就是你" },
    starting: { en: "Starting", zh: "启动中" },
    passedOf: { en: "{passed} of {total} passed", zh: "{total} 项中 {passed} 项通过" },
    passedOfFailed: { en: "{passed} of {total} passed, {failed} not", zh: "{total} 项中 {passed} 项通过，{failed} 项未通过" },
    running: { en: "Running your snippet", zh: "正在运行你的片段" },
    finishing: { en: "Finding out why", zh: "正在分析原因" },
    cancelled: { en: "Cancelled.", zh: "已取消。" },
    lost: { en: "The connection broke. Trying again; the grade goes on meanwhile.", zh: "连接断开，正在重连；判题不受影响。" },
    sendFailed: { en: "Not sent: the server does not answer. Your code is safe in this browser; send it again.", zh: "没有发出：服务器无响应。代码已存在本浏览器，请稍后再试。" },
    noResult: { en: "The result could not be loaded.", zh: "结果没有加载成功。" },
    openResult: { en: "Open its page", zh: "打开结果页" },
    done: { en: "Done: {verdict}", zh: "判题结束：{verdict}" },
    cases: { en: "Cases", zh: "用例" },

    // statuses and verdicts
    passed: { en: "passed", zh: "通过" },
    failed: { en: "failed", zh: "未通过" },
    error: { en: "error", zh: "报错" },
    timeout: { en: "too slow", zh: "超时" },
    memory: { en: "out of memory", zh: "内存超限" },
    output_limit: { en: "too much output", zh: "输出过多" },
    crashed: { en: "crashed", zh: "崩溃" },
    not_run: { en: "not run", zh: "未运行" },
    invalid: { en: "not valid", zh: "无效" },
    forbidden: { en: "forbidden call", zh: "使用了禁用的调用" },
    fault: { en: "our fault", zh: "系统故障" },
    queued: { en: "waiting", zh: "排队中" },

    // panes
    paneText: { en: "Question", zh: "题面" },
    paneCode: { en: "Code", zh: "代码" },
    paneResults: { en: "Results", zh: "结果" },
    panes: { en: "Parts of this page", zh: "页面分区" },
    columns: { en: "Width of the question", zh: "题目栏宽度" },
    rows: { en: "Height of the editor", zh: "编辑器高度" },

    // pictures
    expected: { en: "expected", zh: "应为" },
    actual: { en: "yours", zh: "你的" },
    difference: { en: "difference", zh: "差值" },
    weights: { en: "weights", zh: "权重" },
    values: { en: "values", zh: "数值" },
    slice: { en: "{index} (0 to {last})", zh: "{index}（0 至 {last}）" },
    block: { en: "worst of a block of {rows} by {columns}", zh: "{rows}×{columns} 区块中最差的一个" },
    nanLegend: { en: "NaN", zh: "NaN" },
    missing: { en: "nothing", zh: "无" },
    pictureLabel: {
        en: "Heat maps of {name}, {shape}. Largest difference {worst} at {index}. Arrow keys move from cell to cell.",
        zh: "{name} 的热力图，{shape}。最大差值 {worst}，位于 {index}。用方向键逐格移动。",
    },
    pictureLabelOne: { en: "Heat map of {name}, {shape}. Arrow keys move from cell to cell.", zh: "{name} 的热力图，{shape}。用方向键逐格移动。" },

    // every page
    keysTitle: { en: "Keys", zh: "快捷键" },
} as const satisfies Record<string, Record<Lang, string>>;

export type Word = keyof typeof WORDS;

export function language(): Lang {
    return globalThis.document?.documentElement.lang.startsWith("zh") ? "zh" : "en";
}

export function isWord(key: string): key is Word {
    return Object.hasOwn(WORDS, key);
}

/** A text in the page's language, with its holes filled. */
export function word(key: Word, values: Record<string, string | number> = {}, lang: Lang = language()): string {
    return WORDS[key][lang].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** 14:02 today, with the date on other days. */
export function clockTime(seconds: number, lang: Lang = language(), now: Date = new Date()): string {
    const then = new Date(seconds * 1000);
    const today = then.toDateString() === now.toDateString();
    const style: Intl.DateTimeFormatOptions = today
        ? { hour: "2-digit", minute: "2-digit", hour12: false }
        : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
    return new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", style).format(then);
}
