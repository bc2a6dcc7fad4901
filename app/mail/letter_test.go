package mail_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"madoguchi/app/apptest"
	"madoguchi/app/mail"
	"madoguchi/app/web"
)

var facts = mail.Facts{
	Town: "南部町", Site: "予約サイト", Telephone: "0178-00-0001", SiteURL: "https://yoyaku.example.jp/x",
	Number: "1234-5678", Day: "DAY", Starts: "STARTS", Ends: "ENDS", Service: "受け取り", Place: "本庁舎", PlaceAddress: "苫米地1-1", PlaceTelephone: "0178-00-0002",
	BringJapanese: true, Bring: []string{"交付通知書", "本人確認書類"}, Cause: "大雪のため", OfferUntil: "UNTIL",
	ConfirmURL: "https://yoyaku.example.jp/confirm", CancelURL: "https://yoyaku.example.jp/cancel", Hours: 24,
}

func TestEveryLanguageOfTheSiteHasEveryMail(t *testing.T) {
	letters, err := mail.LoadLetters(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range web.Languages() {
		if l.Catalogue == "" && !slices.Contains(letters.Languages(), l.Code) {
			t.Errorf("there are no mails in %s", l.Code)
		}
	}
	for _, lang := range letters.Languages() {
		for _, kind := range mail.Kinds() {
			got, err := letters.Write(kind, lang, facts)
			if err != nil {
				t.Fatal(err)
			}
			apptest.Golden(t, lang+"/"+string(kind)+".txt", "Subject: "+got.Subject+"\n\n"+strings.ReplaceAll(got.Body, "\r\n", "\n"))
			needs := []string{"南部町", "0178-00-0001"}
			switch kind {
			case mail.Confirm:
				needs = append(needs, facts.ConfirmURL, "24")
			case mail.Reminder:
				needs = append(needs, "DAY", "STARTS", "ENDS", "本庁舎", "1234-5678", "本人確認書類", facts.CancelURL)
			case mail.Moved, mail.CalledOff, mail.Stopped:
				needs = append(needs, "DAY", "STARTS", "1234-5678", "大雪のため", facts.SiteURL)
			case mail.Offered:
				needs = append(needs, "DAY", "STARTS", "UNTIL", facts.SiteURL)
			default:
				needs = append(needs, "DAY", "STARTS", "本庁舎", "1234-5678", facts.SiteURL)
			}
			for _, part := range needs {
				if !strings.Contains(got.Subject+got.Body, part) {
					t.Errorf("%s %s does not say %q", lang, kind, part)
				}
			}
			if got.Subject == "" || strings.Contains(got.Body, "\r\n\r\n\r\n") || strings.Contains(got.Body, "{{") {
				t.Errorf("%s %s: got %q", lang, kind, got)
			}
		}
	}
}

func TestMailsLeaveOutWhatIsNotThere(t *testing.T) {
	letters, err := mail.LoadLetters(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	bare := mail.Facts{Town: "町", Day: "DAY", Starts: "1", Ends: "2", Place: "P", Number: "N", SiteURL: "https://x.example"}
	for _, kind := range mail.Kinds() {
		got, err := letters.Write(kind, "ja", bare)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{"お持ちいただくもの", "理由", "お問い合わせ"} {
			if strings.Contains(got.Body, label) {
				t.Errorf("%s: got the label %q without anything behind it", kind, label)
			}
		}
	}
}

func TestTextsThatLackAKindAreRefused(t *testing.T) {
	files := fstest.MapFS{"templates/mail/ja.txt": {Data: []byte(`{{define "booked"}}x{{end}}`)}}
	if _, err := mail.LoadLetters(files); err == nil {
		t.Error("got no error for texts that lack most kinds")
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, why := range []mail.Why{
		mail.WhyUnreachable, mail.WhyTimeout, mail.WhyTLS, mail.WhySignIn, mail.WhyServer, mail.WhySender, mail.WhyLater, mail.WhyNoAddress,
		mail.WhyFullBox, mail.WhyRefused, mail.WhyInterrupted, mail.WhyUnwritten, mail.WhyRemoved, mail.WhyStale, mail.WhyOvertaken,
	} {
		if why.Label() == "" {
			t.Errorf("%s has no words", why)
		}
	}
	for _, kind := range mail.Kinds() {
		if kind.Label() == "" {
			t.Errorf("%s has no words", kind)
		}
	}
}
