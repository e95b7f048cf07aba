"""Every sentence that the command line says, in English and in Chinese. `{name}` is filled in by whoever says it."""

from __future__ import annotations

from typing import Any

LANGUAGES = ("en", "zh")


def say(lang: str, key: str, **values: Any) -> str:
    """The sentence `key` in `lang`, English when there is no such language. A value is never read as a template."""
    english, chinese = TABLE[key]
    return (chinese if lang == "zh" else english).format(**values)


# key -> (English, Chinese). Upper part: help; middle: errors; then what the commands and the text report say.
TABLE: dict[str, tuple[str, str]] = {
    "help": (
        "Coding katas for Transformer interviews: PyTorch code, judged in a real jail.",
        "Transformer 面试编程练习：在隔离环境中评测 PyTorch 代码。",
    ),
    "help.list": ("List all katas.", "列出全部题目。"),
    "help.show": ("Show a kata's question and task.", "显示题目的问题和任务。"),
    "help.init": ("Write a kata's starter file.", "生成题目的起始文件。"),
    "help.run": ("Run the visible cases of a submission; no score.", "运行公开用例，不计分。"),
    "help.grade": ("Grade submissions: all cases, a verdict and a score.", "评测提交：跑完全部用例，给出结论和分数。"),
    "help.check": (
        "Prove katas: every mistake is caught and named.",
        "自检题目：典型错误都要被识破并点名。",
    ),
    "help.doctor": (
        "Say what this machine can do, and cures.",
        "检查本机沙箱能力，缺什么、怎么补。",
    ),
    "help.new": ("Scaffold a new kata.", "新建题目的骨架。"),
    "help.serve": (
        "Serve the pages, with a worker beside them.",
        "启动网页服务，并附带评测进程。",
    ),
    "help.worker": ("Judge what is queued in a data folder.", "启动评测进程，处理数据目录中的提交队列。"),
    "help.requeue": ("Queue again what ended in our own fault.", "把因系统故障而中止的提交重新排队。"),
    "help.everywhere": (
        "Everywhere: --lang en|zh (language), --data FOLDER (data folder), --database-url URL (database).",
        "任何位置均可使用：--lang en|zh（语言），--data 目录（数据目录），--database-url URL（数据库）。",
    ),
    "option.show_version": ("Print the version.", "显示版本号。"),
    "option.lang": ("Language of every text: en or zh.", "界面语言：en 或 zh。"),
    "option.data": ("The data folder.", "数据目录。"),
    "option.database_url": (
        "The database, as sqlite:///FILE; torchkata.db in the data folder without it.",
        "数据库，写作 sqlite:///文件；缺省为数据目录中的 torchkata.db。",
    ),
    "option.as_json": ("Print JSON.", "输出 JSON。"),
    "option.kata": ("The kata's id.", "题目编号。"),
    "option.kata_id": (
        "The kata; else the first line `# kata: ID` decides, else the file's name.",
        "题目编号；不写则看文件首行 `# kata: 编号`，再看文件名。",
    ),
    "option.submissions": ("Submissions, by the ids in their addresses.", "提交的编号，即其网址中的编号，可以有多个。"),
    "option.answer": ("Show the whole page, the answer too.", "显示整页，包括答案。"),
    "option.hint": ("Show the first N hints.", "显示前 N 条提示。"),
    "option.output": ("The file to write; - is standard output.", "写到哪个文件；- 表示标准输出。"),
    "option.file": ("The submission; - reads standard input.", "提交的文件；- 表示标准输入。"),
    "option.files": ("Submissions; - reads standard input.", "提交的文件，可以有多个；- 表示标准输入。"),
    "option.seed": ("Repeat a grade: the seed that its report shows.", "重现某次评测：填报告里的种子。"),
    "option.device": ("cpu or cuda.", "cpu 或 cuda。"),
    "option.report_format": (
        "text or json; json is one report, or an array for several files.",
        "text 或 json；json 为一份报告，多个文件时为数组。",
    ),
    "option.isolation": (
        "The least isolation to accept: full, reduced or none.",
        "可接受的最低隔离级别：full、reduced 或 none。",
    ),
    "option.timeout": (
        "Seconds for a whole grade, in place of the kata's own limit.",
        "整次评测的时限（秒），代替题目自带的限制。",
    ),
    "option.min_score": (
        "Exit 0 from this score on, in place of asking every case to pass.",
        "总分达到此值即以 0 退出，不再要求用例全部通过。",
    ),
    "option.no_speed": ("Do not measure speed.", "不测速度。"),
    "option.ids": ("The katas to prove; all when none is named.", "要自检的题目；不写则全部。"),
    "option.kind": (
        "code or concept: a concept kata has a quiz in place of code.",
        "code 或 concept：概念题没有代码，只有测验。",
    ),
    "option.new_id": ("The new kata's id, in snake_case.", "新题目的编号，用 snake_case。"),
    "option.host": (
        "The address to listen at; 127.0.0.1 unless said.",
        "监听地址，默认 127.0.0.1。",
    ),
    "option.port": ("The port; 8000 unless said, 0 takes a free one.", "端口，默认 8000；0 表示任选空闲端口。"),
    "option.no_worker": (
        "Start no worker; run one with: torchkata worker",
        "不附带评测进程；可另行运行 torchkata worker。",
    ),
    "option.open_page": ("Open the page in a browser.", "在浏览器中打开页面。"),
    "option.lanes": (
        "Submissions judged at the same time; one a core, at most four, unless said.",
        "同时评测的提交数；默认每核一个，最多四个。",
    ),
    # --- errors ---
    "try_help": ("{error} Try: torchkata {command}--help", "{error}用法见：torchkata {command}--help"),
    "usage_option": ("There is no option {option} here.", "这里没有选项 {option}。"),
    "usage_option_near": (
        "There is no option {option} here; do you mean {near}?",
        "这里没有选项 {option}，是不是想写 {near}？",
    ),
    "usage_command": ("There is no command {command}.", "没有命令 {command}。"),
    "usage_command_near": (
        "There is no command {command}; do you mean {near}?",
        "没有命令 {command}，是不是想写 {near}？",
    ),
    "usage_missing": ("{what} is missing.", "缺少 {what}。"),
    "usage_value": ("{what}: {why}.", "{what} 的值不对：{why}。"),
    "usage_other": ("{why}.", "命令写法有误：{why}。"),
    "usage_no_value": ("{option} needs a value.", "{option} 后面要有值。"),
    "file_missing": ("{file}: there is no such file.", "{file}：没有这个文件。"),
    "file_folder": ("{file}: is a folder, not a file.", "{file}：这是目录，不是文件。"),
    "file_unreadable": ("{file}: cannot be read: {why}.", "{file}：无法读取：{why}。"),
    "file_unwritable": ("{file}: cannot be written: {why}.", "{file}：无法写入：{why}。"),
    "file_empty": ("{file}: is empty.", "{file}：文件是空的。"),
    "file_large": ("{file}: is larger than {limit} KiB.", "{file}：超过 {limit} KiB。"),
    "file_encoding": ("{file}:{line}: is not UTF-8 text.", "{file}:{line}：不是 UTF-8 文本。"),
    "file_exists": (
        "{file}: exists already and is left as it is; name another with -o.",
        "{file}：文件已存在，未改动；请用 -o 换个名字。",
    ),
    "stdin_twice": ("- can be named once only.", "- 只能写一次。"),
    "kata_unknown": (
        "{where}there is no kata `{name}`. See: torchkata list",
        "{where}没有题目 `{name}`。全部题目见：torchkata list",
    ),
    "kata_unknown_near": (
        "{where}there is no kata `{name}`; do you mean {near}?",
        "{where}没有题目 `{name}`，是不是想写 {near}？",
    ),
    "kata_unsaid": (
        "{file}: which kata is this for? Say it with --kata ID, or in the first line: # kata: ID",
        "{file}：看不出这是哪道题。请加 --kata 编号，或在首行写 # kata: 编号",
    ),
    "kata_unsaid_near": (
        "{file}: which kata is this for? Say it with --kata ID (do you mean {near}?), or in the first line: # kata: ID",
        "{file}：看不出这是哪道题。请加 --kata 编号（是不是 {near}？），或在首行写 # kata: 编号",
    ),
    "kata_concept": (
        "{where}`{kata}` is a concept kata: it has a page and a quiz, but no code to judge.",
        "{where}`{kata}` 是概念题，只有页面和测验，没有可评测的代码。",
    ),
    "kata_broken": ("kata {kata}: {file}: {what}.", "题目 {kata}：{file}：{what}。"),
    "bank_missing": ("{folder}: this folder of katas does not exist.", "{folder}：题库目录不存在。"),
    "bank_empty": ("{folder}: holds no kata.", "{folder}：里面没有题目。"),
    "new_name": (
        "`{name}` cannot be a kata's id: lower-case letters, digits and _, a letter first, at most 64.",
        "`{name}` 不能作题目编号：只能用小写字母、数字和下划线，以字母开头，最多 64 个字符。",
    ),
    "new_exists": ("kata `{name}` exists already: {folder}", "题目 `{name}` 已存在：{folder}"),
    "cuda_unsupported": (
        "--device cuda: this version judges on the CPU only; use --device cpu.",
        "--device cuda：当前版本只在 CPU 上评测；请用 --device cpu。",
    ),
    "cuda_missing": (
        "torch finds no CUDA device here; use --device cpu.",
        "torch 在本机找不到 CUDA 设备；请用 --device cpu。",
    ),
    "timeout_positive": ("--timeout: must be a number of seconds above 0.", "--timeout：应为大于 0 的秒数。"),
    "setting_unknown": (
        "{source}: there is no setting `{name}`; known are {known}.",
        "{source}：没有设置项 `{name}`；可用的有 {known}。",
    ),
    "setting_unknown_near": (
        "{source}: there is no setting `{name}`; do you mean `{near}`?",
        "{source}：没有设置项 `{name}`，是不是想写 `{near}`？",
    ),
    "setting_not_text": (
        "{source}: setting `{name}` must be a text in quotes.",
        "{source}：设置项 `{name}` 的值应为带引号的文本。",
    ),
    "setting_choice": (
        "{source}: setting `{name}` must be one of {choices}, not `{value}`.",
        "{source}：设置项 `{name}` 只能是 {choices} 之一，不能是 `{value}`。",
    ),
    "setting_number": (
        "{source}: setting `{name}` must be a whole number from 0 to {most}, not `{value}`.",
        "{source}：设置项 `{name}` 应为 0 到 {most} 的整数，不能是 `{value}`。",
    ),
    "setting_database": (
        "{source}: setting `{name}` must begin with sqlite:/// and the path of a file; other databases are not supported yet.",
        "{source}：设置项 `{name}` 应为 sqlite:/// 加文件路径，暂不支持其他数据库。",
    ),
    "settings_broken": ("{file}: is not TOML: {why}.", "{file}：不是有效的 TOML：{why}。"),
    "database_locked": (
        "the database {file} is in use by something else and could not be had in time; nothing was changed. Try again.",
        "数据库 {file} 正被占用，未能及时取得；没有改动任何内容，请稍后再试。",
    ),
    "database_readonly": (
        "the database {file} cannot be written: {why}. Give this user write permission for the file and its folder.",
        "数据库 {file} 无法写入：{why}。请为当前用户开放该文件及所在目录的写权限。",
    ),
    "database_full": (
        "the disk is full, and the database {file} cannot grow; what was kept before is safe. Free some space.",
        "磁盘已满，数据库 {file} 无法增长；此前保存的内容完好。请先腾出空间。",
    ),
    "database_broken": (
        "the database {file} is damaged or is none: {why}. Put a backup in its place, or move it away to begin anew.",
        "数据库 {file} 已损坏或不是数据库：{why}。请换回备份，或将其移走后重新开始。",
    ),
    "database_foreign": (
        "the database {file} belongs to another program (tables {why}); name another file.",
        "数据库 {file} 属于其他程序（表：{why}），请换一个文件。",
    ),
    "database_too_new": (
        "the database {file} was written by a newer torchkata (revision {why}); install that version again.",
        "数据库 {file} 由更新版本的 torchkata 写入（版本号 {why}），请重新安装新版本。",
    ),
    "data_unwritable": (
        "the data folder {folder} cannot be used: {why}. Name another with --data, or give this user write permission.",
        "数据目录 {folder} 不可用：{why}。请用 --data 指定其他目录，或为当前用户开放写权限。",
    ),
    "port_in_use": (
        "port {port} is in use by another program, or by another torchkata; name another with --port, or take --port 0.",
        "端口 {port} 已被其他程序（或另一个 torchkata）占用；请用 --port 换一个，或用 --port 0 任选空闲端口。",
    ),
    "port_refused": (
        "the server may not listen at {host}, port {port}: {why}. Ports below 1024 need rights; take another with --port.",
        "无法在 {host} 的端口 {port} 上监听：{why}。1024 以下的端口需要特权，请用 --port 换一个。",
    ),
    "host_unknown": (
        "this machine has no address `{host}` to listen at; --host 127.0.0.1 always works.",
        "本机没有可供监听的地址 `{host}`；--host 127.0.0.1 总是可用。",
    ),
    "worker_running": (
        "another worker is at work on {folder}; one a data folder is enough.",
        "已有评测进程在使用 {folder}；一个数据目录只需一个。",
    ),
    "sandbox": (
        "the sandbox could not be used, nothing was judged: {why}",
        "沙箱无法使用，未作任何评判：{why}",
    ),
    "sandbox_refused": (
        "the isolation asked for cannot be reached here, nothing was judged: {why} More: torchkata doctor",
        "本机达不到要求的隔离级别，未作任何评判：{why} 详情见：torchkata doctor",
    ),
    "unexpected": (
        "this is a fault of torchkata, not of your code ({error}); details are in {file}",
        "这是 torchkata 自身的故障（{error}），与你的代码无关；详情已写入 {file}",
    ),
    "unexpected_unwritten": (
        "this is a fault of torchkata, not of your code ({error}); its details could not be written anywhere.",
        "这是 torchkata 自身的故障（{error}），与你的代码无关；详情没有地方可写。",
    ),
    "interrupted": ("stopped.", "已中断。"),
    # --- what commands say ---
    "requeue_none": (
        "no submission {id} in {file} ended in a fault of torchkata's own; nothing was queued for it.",
        "{file} 中没有因系统故障而中止的提交 {id}，没有为它重新排队。",
    ),
    "requeue.done": ("{id} is queued again.", "{id} 已重新排队。"),
    "serve.at": ("torchkata is at {address} (Ctrl-C ends it)", "torchkata 已启动：{address}（按 Ctrl-C 结束）"),
    "serve.network": (
        "Listening at {host}: whoever reaches this machine can submit code and see everything here; there is no login.",
        "正在监听 {host}：能访问本机的人都能提交代码、查看这里的一切内容，且无需登录。",
    ),
    "serve.no_browser": (
        "No browser could be opened here; open {address} yourself.",
        "这里打不开浏览器，请自行访问 {address}。",
    ),
    "serve.worker_ended": (
        "the worker ended (exit code {code}); it is started again in {seconds} s, and nothing that was submitted is lost.",
        "评测进程已退出（退出码 {code}），{seconds} 秒后重新启动，已提交的内容不会丢失。",
    ),
    "list.id": ("kata", "题目"),
    "list.kind": ("kind", "类型"),
    "list.track": ("track", "方向"),
    "list.level": ("level", "难度"),
    "list.title": ("title", "标题"),
    "kind.code": ("code", "编程"),
    "kind.concept": ("concept", "概念"),
    "show.hint": ("Hint {n}", "提示 {n}"),
    "show.quiz": ("Quiz", "测验"),
    "show.multiple": (" (Several may be right.)", "（多选）"),
    "show.numeric": (" (A number.)", "（填数字）"),
    "show.right": ("Right.", "正确。"),
    "show.wrong": ("Wrong.", "错误。"),
    "show.slip": ("{value}: {reason}", "{value}：{reason}"),
    "init.done": (
        "Wrote {file}. Fill it in, then: torchkata run {file}",
        "已生成 {file}。写完后运行：torchkata run {file}",
    ),
    "grade.working": ("Judging {file}", "正在评测 {file}"),
    "grade.written": ("{file}: {verdict}, written to {output}", "{file}：{verdict}，报告已写入 {output}"),
    "check.working": ("Proving {kata}", "正在自检 {kata}"),
    "check.kata_ok": ("{kata}: {count} findings, all good", "{kata}：{count} 项，全部正常"),
    "check.kata_bad": ("{kata}: {bad} of {count} findings are not good", "{kata}：{count} 项中有 {bad} 项不合格"),
    "check.all_ok": ("Proven: {count} of {count}.", "自检通过：{count}/{count}。"),
    "check.some_bad": ("Not proven: {bad} of {count}.", "自检未通过：{bad}/{count}。"),
    "new.done": ("Made {folder} with:", "已新建 {folder}，其中有："),
    "new.left": ("Left to do:", "接下来要做："),
    "new.step.toml": (
        "kata.toml: title, track, level, entry, and the roles of the weights if it is a module",
        "kata.toml：标题、方向、难度、入口，模块还要写参数的角色",
    ),
    "new.step.concept_toml": (
        "kata.toml: title, track, level, and the document questions that it answers",
        "kata.toml：标题、方向、难度，以及它回答了哪些文档问题",
    ),
    "new.step.quiz": (
        "quiz.toml: six to ten questions, a reason for every wrong choice",
        "quiz.toml：六到十道题，每个错误选项都要写明理由",
    ),
    "new.step.reference": (
        "{file}: the right answer, as a function or class named like `entry`",
        "{file}：参考答案，函数或类的名字与 entry 相同",
    ),
    "new.step.starter": ("starter.py: the signature that a learner begins with", "starter.py：留给学习者的函数签名"),
    "new.step.cases": (
        "cases.py: what is checked, at least three of them visible",
        "cases.py：检查哪些内容，至少三个用例公开",
    ),
    "new.step.mistakes": ("mistakes/: one wrong variant a misunderstanding", "mistakes/：每个常见误解一个错误版本"),
    "new.step.pages": (
        "page.en.md and page.zh.md: every section; the Chinese one is written, not translated",
        "page.en.md 与 page.zh.md：各节都要写；中文要自己写，不要逐句翻译",
    ),
    "new.step.check": ("torchkata check {kata}", "torchkata check {kata}"),
    "doctor.level": ("isolation that this machine reaches: {level}", "本机可达到的隔离级别：{level}"),
    "doctor.asked": ("isolation that is asked for: {level}", "要求的隔离级别：{level}"),
    "doctor.cure": ("cure: {cure}", "办法：{cure}"),
    "doctor.none": ("none: no submission of others may be judged here", "none：不可在本机评测他人的代码"),
    # --- the text report ---
    "verdict.passed": ("PASSED", "通过"),
    "verdict.failed": ("FAILED", "未通过"),
    "verdict.error": ("ERROR", "运行出错"),
    "verdict.timeout": ("TIMEOUT", "超时"),
    "verdict.memory": ("OUT OF MEMORY", "内存超限"),
    "verdict.output_limit": ("TOO MUCH OUTPUT", "输出过多"),
    "verdict.crashed": ("CRASHED", "进程崩溃"),
    "verdict.invalid": ("INVALID", "无法评测"),
    "verdict.forbidden": ("FORBIDDEN", "用了禁用的调用"),
    "verdict.fault": ("NOT JUDGED: our own fault, try again", "未评测：平台自身故障，请重试"),
    "status.passed": ("passed", "通过"),
    "status.failed": ("wrong", "结果不对"),
    "status.error": ("raised an exception", "抛出异常"),
    "status.timeout": ("took too long", "超时"),
    "status.memory": ("used too much memory", "内存超限"),
    "status.output_limit": ("printed too much", "输出过多"),
    "status.crashed": ("ended its process", "进程崩溃"),
    "status.not_run": ("not run", "未运行"),
    "group.correctness": ("correctness", "正确性"),
    "group.gradient": ("gradient", "梯度"),
    "group.property": ("property", "性质"),
    "group.shapes": ("shapes", "形状"),
    "group.distribution": ("distribution", "分布"),
    "group.errors": ("errors", "报错"),
    "group.hygiene": ("hygiene", "副作用"),
    "report.score": ("{total} of 100", "{total} 分（满分 100）"),
    "report.part.correctness": ("correctness {value}", "正确性 {value}"),
    "report.part.shapes": ("shapes {value}", "形状 {value}"),
    "report.part.speed": ("speed {value}", "速度 {value}"),
    "report.cases": ("{passed} of {count} cases passed", "通过 {passed}/{count} 个用例"),
    "report.called_with": ("called with {shapes}", "输入 {shapes}"),
    "report.expected": ("expected", "期望"),
    "report.actual": ("actual", "实际"),
    "report.first_bad": ("first wrong at [{index}]", "首个错误位于 [{index}]"),
    "report.bad_count": ("{bad} of {count} values wrong", "{count} 个值中有 {bad} 个不对"),
    "report.error": ("worst error {error}, tolerance {tolerance}", "最大误差 {error}，容差 {tolerance}"),
    "report.more": ("also not passed:", "另外未通过的用例："),
    "report.and_more": ("and {count} more", "以及另外 {count} 个"),
    "report.passed_line": ("passed: {names}", "已通过：{names}"),
    "report.diagnosis": ("Diagnosis", "诊断"),
    "report.evidence": ("the same numbers in: {names}", "数值与之吻合的用例：{names}"),
    "report.policy": ("Not allowed", "禁用的写法"),
    "report.printed": ("Printed", "程序输出"),
    "report.printed_error": ("Printed to standard error", "标准错误输出"),
    "report.printed_cut": ("(cut: there was more)", "（输出过长，已截断）"),
    "report.lines_more": ("... {count} more lines", "……还有 {count} 行"),
    "report.speed": (
        "{ratio} times the reference's speed (between {low} and {high})",
        "速度是参考实现的 {ratio} 倍（{low} 到 {high} 之间）",
    ),
    "report.seed": ("seed {seed}", "种子 {seed}"),
    "report.isolation": ("isolation {level}", "隔离级别 {level}"),
    "report.isolation_missing": ("isolation {level}, without {missing}", "隔离级别 {level}，缺少 {missing}"),
}
