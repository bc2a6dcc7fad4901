package watch

import (
	"fmt"
	"time"

	"madoguchi/app/jp"
	"madoguchi/store/replica"
)

// Kind is one thing that can be wrong (警報の種類). The runbook of the same name
// in docs/runbooks says what to do.
type Kind string

// The kinds.
const (
	CopyBehind  Kind = "copy-behind"
	Provisional Kind = "provisional"
	Fenced      Kind = "fenced"
	TakenOver   Kind = "taken-over"
	NoStandby   Kind = "no-standby"
	DiskLow     Kind = "disk-low"
	MailFailing Kind = "mail-failing"
	Rehearsed   Kind = "rehearsal"
	Certificate Kind = "certificate"
	Database    Kind = "database"
	LeftBehind  Kind = "left-behind"
	Clocks      Kind = "clocks"
)

// Wrong reports whether somebody has to do something.
func (l Level) Wrong() bool { return l == Notice || l == Urgent }

// Kinds lists them all.
func Kinds() []Kind {
	return []Kind{CopyBehind, Provisional, Fenced, TakenOver, NoStandby, DiskLow, MailFailing, Rehearsed, Certificate, Database, LeftBehind, Clocks}
}

// Label is the kind's name on the screen and in the subject of an alarm.
func (k Kind) Label() string {
	return map[Kind]string{
		CopyBehind: "複製が遅れています", Provisional: "仮受付が続いています", Fenced: "別の機械に引き継がれました", TakenOver: "この機械が引き継ぎました",
		NoStandby: "待機の機械がありません", DiskLow: "ディスクの空きが少なくなりました", MailFailing: "メールを送れません",
		Rehearsed: "復旧の練習ができていません", Certificate: "証明書の期限が近づいています", Database: "データベースを読めません", LeftBehind: "引き継ぎで残った仮受付があります", Clocks: "時計がずれています",
	}[k]
}

// Do is what to do about it, in short.
func (k Kind) Do() string {
	return map[Kind]string{
		CopyBehind:  "保存先までの通信と、保存先の空きを確かめてください。直るまで、この機械の電源を切らないでください。",
		Provisional: "保存先までの通信を直してください。直ると、自動で確定します。それまで、この機械の電源を切らないでください。",
		Fenced:      "この機械は何も受け付けません。もう一台が受け付けているか確かめてください。",
		TakenOver:   "受付は続いています。もう一台が止まったわけを調べ、待機に戻してください。",
		NoStandby:   "受付は続いています。もう一台を起動し、待機になったことを確かめてください。",
		DiskLow:     "要らないファイルを片付けるか、ディスクを広げてください。なくなると受付が止まります。",
		MailFailing: "メールサーバーと設定を確かめてください。メールは消えず、直ると自動で送ります。",
		Rehearsed:   "練習を手で動かして、表示を確かめてください。",
		Certificate: "証明書を更新してください。過ぎると、住民の画面に警告が出ます。",
		Database:    "サーバーの記録を確かめてください。直らないときは、復旧します。",
		Clocks:      "この機械の時刻合わせを直してください。直るまで、古い複製は消しません。",
		LeftBehind:  "職員に知らせて、予約のメニューの「引き継ぎで残った仮受付」で一件ずつ決めてもらってください。",
	}[k]
}

// Runbook is the file in docs/runbooks.
func (k Kind) Runbook() string { return string(k) + ".md" }

// Level is how a finding is to be taken.
type Level string

// The levels.
const (
	Good   Level = "good"
	Unset  Level = "unset"  // not set up or not done: nothing to judge
	Notice Level = "notice" // can wait for working hours
	Urgent Level = "urgent"
)

// Finding is one line of the status page; one that is not good is an alarm.
type Finding struct {
	Kind  Kind
	Level Level
	Label string
	Text  string
	Since time.Time // since when it is wrong, if that is known
}

// Judge says of everything that was measured how it stands.
func (w *Watcher) Judge(m Measured) []Finding {
	all := []Finding{}
	if m.Copied {
		all = append(all, w.copies(m), w.confirming(m), turn(m))
		if skew := m.Copy.Skew; skew.Abs() > time.Minute {
			all = append(all, Finding{Kind: Clocks, Level: Notice, Label: "時計", Text: "この機械の時計と保存先の時計が" + Length(skew.Abs()) + "ずれています。古い複製を消すのを止めています"})
		}
	}
	if m.PeerOn {
		all = append(all, standby(m))
	}
	if m.Left > 0 {
		all = append(all, Finding{Kind: LeftBehind, Level: Urgent, Label: "引き継ぎで残った仮受付", Text: fmt.Sprintf("職員が決めていないものが%d件あります", m.Left)})
	}
	all = append(all, w.disk(m), outbox(m), rehearsal(m))
	if !m.Certificate.IsZero() || m.CertificateBad {
		all = append(all, certificate(m))
	}
	f := Finding{Kind: Database, Level: Good, Label: "データベース", Text: "読み書きできます"}
	if m.Unreadable {
		f.Level, f.Text = Urgent, "読めません"
	}
	return append(all, f)
}

func (w *Watcher) copies(m Measured) Finding {
	s := m.Copy
	f := Finding{Kind: CopyBehind, Level: Good, Label: "複製の新しさ", Text: "すべての書込みが複製されています（遅れ 0秒）"}
	if s.Lag > 0 {
		f.Text = "複製していない書込みがあります（遅れ " + Length(s.Lag) + "）"
	}
	if s.LastError != "" {
		f.Text += "。いま複製先に書けません"
	}
	last := s.LastSuccessAt
	if last.IsZero() {
		last = w.started
	}
	switch {
	case s.Lag > w.o.Behind:
		f.Level, f.Since = Urgent, m.At.Add(-s.Lag)
	case s.LastError != "" && m.At.Sub(last) > w.o.Behind:
		f.Level, f.Since = Urgent, last
	}
	if !s.LastSuccessAt.IsZero() {
		f.Text += "。最後に複製できたのは " + at(s.LastSuccessAt)
	}
	return f
}

func (w *Watcher) confirming(m Measured) Finding {
	f := Finding{Kind: Provisional, Level: Good, Label: "仮受付", Text: "仮受付の予約はありません"}
	switch {
	case m.Copy.Policy == replica.Local:
		f.Text = "仮受付にはしません（この機械に書けたら確定）"
	case m.Provisional > 0 && m.Copy.Lag > onItsWay:
		f.Text = fmt.Sprintf("仮受付の予約が%d件あります", m.Provisional)
	}
	if !m.ProvisionalSince.IsZero() && m.Copy.Lag > provisionalPatience {
		f.Level, f.Since = Urgent, m.ProvisionalSince
		if m.Provisional == 0 {
			f.Text = "仮受付の予約はまだありません"
		}
		f.Text += "。" + at(m.ProvisionalSince) + " からの書込みが、確定していません"
		if m.Copy.Policy == replica.Refuse {
			f.Text += "。新しい予約を断っています"
		}
	}
	return f
}

const (
	// onItsWay is how long a write may wait for the store and not count as
	// provisional yet.
	onItsWay = 3 * time.Second
	// provisionalPatience is how long the store may be away before somebody is told.
	provisionalPatience = 30 * time.Second
)

const fencedText = "もう一台が引き継ぎました。この機械は何も受け付けません"

func turn(m Measured) Finding {
	f := Finding{Kind: Fenced, Level: Good, Label: "この機械の役目", Text: "業務を行っています"}
	if m.Copy.Epoch != "" {
		f.Text += "（世代 " + m.Copy.Epoch + "）"
	}
	if m.Copy.Fenced {
		f.Level, f.Text, f.Since = Urgent, fencedText, m.At
	}
	return f
}

func standby(m Measured) Finding {
	f := Finding{Kind: NoStandby, Level: Good, Label: "もう一台の機械", Text: "待機しています"}
	switch m.Peer {
	case "standby":
		says, wrong := m.Standby.says()
		if f.Text += says; wrong {
			f.Level = Notice
		}
	case "":
		f.Level, f.Text = Urgent, "もう一台が答えません。この機械が止まると、引き継ぐ機械がありません"
	case "standby blind":
		f.Level, f.Text = Urgent, "待機していますが、保存先を読めません。引き継げません"
	default:
		f.Level, f.Text = Urgent, "待機していません"
	}
	return f
}

func (w *Watcher) disk(m Measured) Finding {
	f := Finding{Kind: DiskLow, Level: Unset, Label: "ディスクの空き", Text: "測れません"}
	if m.Total == 0 {
		return f
	}
	f.Level = Good
	percent := int(100 * float64(m.Free) / float64(m.Total))
	f.Text = fmt.Sprintf("%.1f GB（%d%%）", float64(m.Free)/1e9, percent)
	switch {
	case percent < min(diskUrgent, w.o.DiskPercent):
		f.Level = Urgent
	case percent < w.o.DiskPercent:
		f.Level = Notice
	}
	return f
}

func outbox(m Measured) Finding {
	f := Finding{Kind: MailFailing, Level: Unset, Label: "メール", Text: "メールの送信は設定されていません"}
	if !m.MailOn {
		return f
	}
	f.Level = Good
	f.Text = fmt.Sprintf("送信待ち %d件", m.Mail.Waiting)
	if m.Mail.Waiting > 0 {
		f.Text += "（いちばん古いものは " + Length(m.At.Sub(m.Mail.OldestAt)) + "前）"
	}
	f.Text += fmt.Sprintf("、送れなかったもの %d件", m.Mail.Failed)
	if m.Mail.Server != "" {
		f.Text += "。" + m.Mail.Server.Label()
		if m.At.Sub(m.Mail.FailingSince) >= mailPatience {
			f.Level, f.Since = Notice, m.Mail.FailingSince
		}
	}
	return f
}

func rehearsal(m Measured) Finding {
	r := m.Rehearsal
	f := Finding{Kind: Rehearsed, Level: Good, Label: "復旧の練習"}
	switch {
	case r.At.IsZero():
		f.Level, f.Text = Unset, "この機械では、まだ行っていません（madoguchi restore --rehearse）"
	case !r.Good:
		f.Level, f.Text, f.Since = Notice, at(r.At)+" の練習で、戻せませんでした", r.At
	case m.At.Sub(r.At) > rehearsalAge:
		f.Level, f.Text, f.Since = Notice, at(r.At)+" を最後に、行われていません", r.At.Add(rehearsalAge)
	default:
		f.Text = at(r.At) + " に、" + at(r.Commit) + " の書込みまで戻せました（" + r.Took + "）"
	}
	return f
}

func certificate(m Measured) Finding {
	f := Finding{Kind: Certificate, Level: Good, Label: "証明書", Text: jp.DateOf(m.Certificate).Era() + " まで有効"}
	left := m.Certificate.Sub(m.At)
	switch {
	case m.CertificateBad:
		f.Level, f.Text = Notice, "証明書のファイルを読めません"
	case left <= 0:
		f.Level, f.Text = Urgent, jp.DateOf(m.Certificate).Era()+" に切れました"
	case left < certificateUrgent:
		f.Level = Urgent
	case left < certificateNotice:
		f.Level = Notice
	}
	return f
}

// Length is a time span in words, in its largest unit.
func Length(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d秒", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d分", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d時間", int(d.Hours()))
	}
	return fmt.Sprintf("%d日", int(d.Hours()/24))
}

// at is an instant in town hall time.
func at(t time.Time) string {
	t = t.In(jp.Tokyo)
	return fmt.Sprintf("%d月%d日 %d:%02d", t.Month(), t.Day(), t.Hour(), t.Minute())
}
