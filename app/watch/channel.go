package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"madoguchi/app/jp"
	"madoguchi/app/mail"
)

// Channels say whom to tell, and when.
type Channels struct {
	Server *mail.Server  // nil: no alarm goes by mail
	To     []string      // addresses of those who look after the system
	Hook   string        // address that alarms are posted to, "" for none
	Second Tier          // who is told of an urgent alarm that nobody acknowledges (二次の届け先)
	After  time.Duration // this long after the first; 0 means the default
	Quiet  Quiet
	Repeat time.Duration // until an urgent alarm is acknowledged; 0 means the default
}

// Tier are those who are told at the same time, as in Channels.
type Tier struct {
	To   []string
	Hook string
}

func (t Tier) any() bool { return len(t.To) > 0 || t.Hook != "" }

// Posted is what the hook gets, as JSON. Text alone is enough for the chat
// programs that show what is posted to them.
type Posted struct {
	Text    string    `json:"text"`
	Kind    Kind      `json:"kind,omitempty"`
	Level   Level     `json:"level,omitempty"`
	Phase   Phase     `json:"phase"`
	Since   time.Time `json:"since"`
	Times   int       `json:"times,omitempty"`
	Runbook string    `json:"runbook,omitempty"`
	Machine string    `json:"machine"`
}

// channel is one way to one receiver.
type channel struct {
	name   string // in the state; holds no secret
	kind   string // mail or hook
	label  string // on the screen
	second bool
	send   func(ctx context.Context, m message) (why string)
}

func (c Channels) channels() []channel {
	all := c.of(Tier{c.To, c.Hook}, "", "")
	for _, second := range c.of(c.Second, "second-", "二次：") {
		second.second = true
		all = append(all, second)
	}
	return all
}

func (c Channels) of(t Tier, name, label string) []channel {
	var all []channel
	if c.Server != nil {
		for i, to := range t.To {
			all = append(all, channel{name: fmt.Sprintf("%smail-%d", name, i+1), kind: "mail", label: label + "メール " + to,
				send: func(ctx context.Context, m message) string { return c.mail(ctx, to, m) }})
		}
	}
	if t.Hook != "" {
		all = append(all, channel{name: name + "hook", kind: "hook", label: label + "通知先（Webhook）",
			send: func(ctx context.Context, m message) string { return post(ctx, t.Hook, m) }})
	}
	return all
}

func (c channel) deliver(ctx context.Context, m message) string {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return c.send(ctx, m)
}

// machine is the name by which those who look after the system know this one.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return "madoguchi"
	}
	return name
}

func (m message) heading() string {
	if m.Phase == Trial {
		return "警報の試験です"
	}
	return m.Kind.Label()
}

func (c Channels) mail(ctx context.Context, to string, m message) string {
	body := fmt.Sprintf("%s\n\n%s\n", m.heading(), m.Text)
	if m.Phase != Trial {
		body += fmt.Sprintf("いつから：%s\n", at(m.Since))
	}
	if m.Phase.calls() {
		body += fmt.Sprintf("すること：%s\n手順書：docs/runbooks/%s\n", m.Kind.Do(), m.Kind.Runbook())
		if m.Level == Urgent {
			body += "\n職員用画面の「システム」で「確認した」を押すまで、くり返し知らせます。\n"
		}
	}
	body += fmt.Sprintf("\n機械：%s\n時刻：%s\n", machine(), at(m.At))
	err := c.Server.Send(ctx, mail.Notice{To: to, FromName: "窓口システム", At: m.At,
		Letter: mail.Letter{Subject: fmt.Sprintf("［%s］%s（%s）", m.Phase.label(), m.heading(), machine()), Body: body}})
	if err != nil {
		return err.Error()
	}
	return ""
}

// client follows no redirection: what is configured is what is called.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post tells the hook. What goes wrong is said without the address, which may
// hold a secret.
func post(ctx context.Context, hook string, m message) string {
	p := Posted{Kind: m.Kind, Level: m.Level, Phase: m.Phase, Since: m.Since.In(jp.Tokyo), Times: m.Times, Machine: machine(),
		Text: fmt.Sprintf("［%s］%s（%s）\n%s", m.Phase.label(), m.heading(), machine(), m.Text)}
	if m.Phase.calls() {
		p.Runbook = m.Kind.Runbook()
		p.Text += "\nすること：" + m.Kind.Do()
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "文面を作れませんでした"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(text))
	if err != nil {
		return "通知先のアドレスが正しくありません"
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := client.Do(req)
	if err != nil {
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			return "通知先の返事が遅すぎます"
		}
		return "通知先につながりません"
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) //nolint:errcheck // only so that the connection is used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Sprintf("通知先に断られました（HTTP %d）", resp.StatusCode)
	}
	return ""
}

// Outcome is how a channel stands, in words.
type Outcome struct {
	Label string
	Delivery
}

// Outcomes lists every channel with its latest delivery.
func (w *Watcher) Outcomes() []Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Outcome
	for _, c := range w.o.channels() {
		all = append(all, Outcome{c.label, w.s.Last[c.name]})
	}
	return all
}

// Test sends a message on every channel now (警報の試験); the outcomes tell how
// that went.
func (w *Watcher) Test(ctx context.Context) {
	now := w.now()
	for _, c := range w.o.channels() {
		m := message{Channel: c.name, Phase: Trial, Level: Notice, Text: "警報が届くことを確かめるために、職員用画面から送りました。何もする必要はありません。", Since: now, At: now}
		w.noted(c, m, c.deliver(ctx, m))
	}
}
