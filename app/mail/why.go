package mail

// Why says what became of an attempt, or why a mail was not sent (理由). It is
// a code, never what the other server wrote: that may hold the address.
type Why string

// Why an attempt did not succeed.
const (
	WhyUnreachable Why = "unreachable"   // no connection to the mail server
	WhyTimeout     Why = "timeout"       // the mail server answers too slowly
	WhyTLS         Why = "tls"           // no safe connection: certificate or STARTTLS
	WhySignIn      Why = "sign_in"       // the mail server refuses user or password
	WhyServer      Why = "server"        // the mail server answers with an error
	WhySender      Why = "sender"        // our own address is refused
	WhyLater       Why = "later"         // the other side asks to come again later
	WhyNoAddress   Why = "no_address"    // there is no such mailbox
	WhyFullBox     Why = "mailbox_full"  // the mailbox takes no more
	WhyRefused     Why = "refused"       // the other side does not want the mail
	WhyInterrupted Why = "interrupted"   // the program ended meanwhile
	WhyUnwritten   Why = "unwritten"     // the mail could not be written
	WhyRemoved     Why = "no_address_on" // the person has taken the address back
)

// Why a mail was dropped.
const (
	WhyStale     Why = "stale"     // what it tells of is over
	WhyOvertaken Why = "overtaken" // a newer mail says how things stand now
)

var whyLabels = map[Why]string{
	WhyUnreachable: "メールサーバーにつながりません",
	WhyTimeout:     "メールサーバーの返事が遅すぎます",
	WhyTLS:         "メールサーバーと安全な通信ができません（証明書か設定の誤り）",
	WhySignIn:      "メールサーバーにログインできません（利用者名かパスワードの誤り）",
	WhyServer:      "メールサーバーでエラーが起きました",
	WhySender:      "差出人のアドレスが断られました（設定の誤り）",
	WhyLater:       "相手のサーバーから、あとで送り直すように言われました",
	WhyNoAddress:   "宛先のメールアドレスがありません",
	WhyFullBox:     "相手の受信箱がいっぱいです",
	WhyRefused:     "相手のサーバーに受け取りを断られました（迷惑メールの設定など）",
	WhyInterrupted: "送信の途中でこのシステムが止まりました",
	WhyUnwritten:   "メールの文面を作れませんでした",
	WhyRemoved:     "本人がメールアドレスを取り消しました",
	WhyStale:       "来庁の日時や期限が過ぎたため、送りませんでした",
	WhyOvertaken:   "あとの変更を別のメールで知らせたため、送りませんでした",
}

// Label is the reason in words that staff understand; "" for none.
func (w Why) Label() string { return whyLabels[w] }

// Ours reports whether the operator's mail server or its settings are to blame,
// and not one person's address.
func (w Why) Ours() bool {
	switch w {
	case WhyUnreachable, WhyTimeout, WhyTLS, WhySignIn, WhyServer, WhySender, WhyUnwritten:
		return true
	}
	return false
}
