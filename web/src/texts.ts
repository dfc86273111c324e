// Every word on the page, in both languages.

const EN = {
  title: "Phone",
  agent: "Agent",
  secret: "PIN, or an administrator's token",
  seat: "Seat, if not your own",
  "sign-in": "Sign in",
  "sign-out": "Sign out",
  "other-language": "中文",
  starting: "Asking for the account and the microphone …",
  connecting: "Connecting to the switch …",
  registered: "Registered: calls ring here",
  refused: "The switch refuses this phone",
  "signed-in-elsewhere": "This agent has signed in elsewhere.",
  "session-over": "The session has ended: sign in again.",
  unreachable: "ccplane does not answer; is it running?",
  denied:
    "The microphone is denied to this page, so no calls ring here. Click the symbol left of the address, allow the microphone, and try again.",
  missing: "There is no microphone. Plug the headset in and try again.",
  busy: "Another program has the microphone. End it and try again.",
  insecure: "A browser gives the microphone to https or to this machine's own pages only. Open this page by 127.0.0.1.",
  elsewhere: "The phone is open in another tab of this browser.",
  taken: "The phone was taken over by another tab of this browser.",
  "try-again": "Try again",
  "use-here": "Use it here",
  none: "No call",
  offered: "A call comes",
  answering: "Connecting …",
  talking: "Talking",
  answer: "Answer",
  reject: "Reject",
  "hang-up": "Hang up",
  mute: "Mute",
  unmute: "Unmute",
  "coming-back": "The line to the switch is lost; coming back …",
  ready: "Ready",
  pause: "Pause",
  "wrap-up-done": "Wrap-up done",
  "wrap-up-extend": "Longer",
  "messages-new": "New messages",
  "messages-mine": "Taken by you",
  "messages-overdue": "Overdue",
  "state-offline": "Offline",
  "state-ready": "Ready",
  "state-paused": "Paused",
  "state-offered": "A call is offered",
  "state-connecting": "Connecting",
  "state-talking": "Talking",
  "state-rejoining": "Coming back into the talk",
  "state-wrap-up": "Wrap-up",
  "state-own-call": "In an own call",
  "state-unreachable": "Phone not reachable",
};

const ZH: typeof EN = {
  title: "电话",
  agent: "坐席",
  secret: "PIN 码，或管理员令牌",
  seat: "席位（非本人席位时填写）",
  "sign-in": "签入",
  "sign-out": "签出",
  "other-language": "English",
  starting: "正在获取账号和麦克风……",
  connecting: "正在连接交换机……",
  registered: "已注册：来电会在这里振铃",
  refused: "交换机拒绝了这部话机",
  "signed-in-elsewhere": "该坐席已在别处签入。",
  "session-over": "会话已结束，请重新签入。",
  unreachable: "ccplane 没有应答，它在运行吗？",
  denied: "本页面被禁止使用麦克风，因此来电不会在这里振铃。请点击地址栏左侧的图标，允许使用麦克风，然后重试。",
  missing: "没有找到麦克风。请插好耳麦后重试。",
  busy: "麦克风正被其他程序占用。请关闭该程序后重试。",
  insecure: "浏览器只允许 https 页面或本机页面使用麦克风。请用 127.0.0.1 打开本页面。",
  elsewhere: "电话已在本浏览器的另一个标签页中打开。",
  taken: "电话已被本浏览器的另一个标签页接管。",
  "try-again": "重试",
  "use-here": "在这里使用",
  none: "没有通话",
  offered: "来电",
  answering: "正在接通……",
  talking: "通话中",
  answer: "接听",
  reject: "拒接",
  "hang-up": "挂断",
  mute: "静音",
  unmute: "取消静音",
  "coming-back": "与交换机的连接中断，正在恢复……",
  ready: "就绪",
  pause: "暂停",
  "wrap-up-done": "结束话后处理",
  "wrap-up-extend": "延长",
  "messages-new": "新留言",
  "messages-mine": "由您处理",
  "messages-overdue": "已逾期",
  "state-offline": "离线",
  "state-ready": "就绪",
  "state-paused": "暂停",
  "state-offered": "派单中",
  "state-connecting": "接通中",
  "state-talking": "通话中",
  "state-rejoining": "正在回到通话",
  "state-wrap-up": "话后处理",
  "state-own-call": "自主通话",
  "state-unreachable": "话机不可达",
};

export type Text = keyof typeof EN;

const LANGUAGE = "ccplane-language";

let chinese = (localStorage.getItem(LANGUAGE) ?? navigator.language).startsWith("zh");

export const text = (name: Text): string => (chinese ? ZH : EN)[name];

export function otherLanguage(): void {
  chinese = !chinese;
  localStorage.setItem(LANGUAGE, chinese ? "zh-CN" : "en");
}

// Fills every element that says `data-text`.
export function label(): void {
  document.documentElement.lang = chinese ? "zh-CN" : "en";
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = text(element.dataset["text"] as Text);
  }
}
