package public

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/app/web"
)

func readAsset(name string) (string, error) {
	text, err := fs.ReadFile(apptest.Files(), "assets/"+name)
	return string(text), err
}

// templatesOf names the site's templates without folder and ending.
func templatesOf(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(apptest.Files(), "templates/public/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d templates, %v", len(files), err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".html"))
	}
	return names
}

func TestWordsAreCompleteInEveryLanguage(t *testing.T) {
	words, err := web.LoadWords(apptest.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range words.Check() {
		t.Error(wrong)
	}
}

var (
	quoted  = regexp.MustCompile(`"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)"`)
	inT     = regexp.MustCompile(`\bT "([^"]+)"`)
	failing = regexp.MustCompile(`\.Fail\("[a-z_]*", "([a-z_]+)"`)
)

// spoken lists every key that the site can ask for: those written in templates
// and code, and those that are put together.
func spoken(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for _, key := range web.Keys() {
		keys[key] = true
	}
	for _, pattern := range []string{"templates/public/*.html", "templates/parts/*.html", "templates/layout/public.html"} {
		files, err := fs.Glob(apptest.Files(), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(apptest.Files(), file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path.Base(file), "console") {
				continue
			}
			for _, m := range inT.FindAllStringSubmatch(string(text), -1) {
				keys[m[1]] = true
			}
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			keys[m[1]] = true
		}
		for _, m := range failing.FindAllStringSubmatch(string(text), -1) {
			keys["form."+m[1]] = true
		}
	}
	maps.Copy(keys, composed())
	return keys
}

// composed lists the keys whose ends are decided while the program runs.
func composed() map[string]bool {
	keys := map[string]bool{}
	for n := range 7 {
		keys[weekdayKey(n)] = true
		keys["weekday.short."+string(rune('0'+n))] = true
	}
	for _, code := range eraCodes() {
		keys["era."+code] = true
	}
	for _, name := range []string{"notice_number", "birth_era", "birth_year", "birth_month", "birth_day"} {
		keys["field."+name+".label"] = true
		keys["form."+name+"_missing"] = true
	}
	for _, name := range []string{"booking_number", "name", "telephone"} {
		keys["field."+name+".label"], keys["field."+name+".hint"] = true, true
	}
	keys["form.booking_number_missing"] = true
	keys["field.notice_number.hint"] = true
	for _, done := range []string{flashBooked, flashChanged, flashCancelled} {
		// The second where the booking was changed again before its page was seen.
		keys["booking.title."+done], keys["flash."+done] = true, true
	}
	for _, flash := range []string{"signed_out", "person_added", "person_booked", "beside_taken", "waiting_joined", "waiting_left", "waiting_declined", "comer_set", booking.ComerUnknown.Code} {
		keys["flash."+flash] = true
	}
	for _, flash := range []string{"mail_proposed", "mail_forgotten"} {
		keys["flash."+flash] = true
	}
	for _, result := range results() {
		keys["a11y.result."+result] = true
	}
	keys["field.mail.label"], keys["field.mail.hint"] = true, true
	for _, who := range []booking.Comer{booking.Holder, booking.Guardian, booking.Proxy} {
		keys["comer."+string(who)] = true
	}
	for _, code := range booking.StandardReasonCodes() {
		keys["proxy_reason."+code] = true
	}
	keys["announcement.important"], keys["announcement.urgent"] = true, true
	for _, p := range waitingProblems() {
		keys["flash."+p.Code] = true
	}
	for _, p := range slotProblems() {
		keys["problem."+p.Code] = true
	}
	for _, code := range []string{booking.AlreadyBooked.Code, booking.Stale.Code, booking.NotLive.Code, booking.PastCutoff.Code, booking.TooMany.Code} {
		keys["flash."+code] = true
	}
	for _, code := range []string{
		card.ErrNoticeNumber.Code, card.SignInRefused.Code, booking.NotNeeded.Code, card.VisitorNameMissing.Code, card.TelephoneMissing.Code,
		card.BadTelephone.Code, card.TooLong.Code, booking.SignInRefused.Code, booking.NumberForm.Code, booking.TooManyLive.Code,
		booking.SlotNotFound.Code, booking.VenueNotFound.Code, booking.ServiceNotFound.Code,
		booking.ProxyReasonUnknown.Code, card.MailMissing.Code, card.MailForm.Code, card.MailProposalOver.Code, mail.LinkOver.Code, card.TooManyMails.Code,
	} {
		keys["problem."+code] = true
	}
	return keys
}

func TestEveryWordIsUsedAndEveryUseHasAWord(t *testing.T) {
	text, err := fs.ReadFile(apptest.Files(), "templates/words/ja.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	used := spoken(t)
	for _, key := range slices.Sorted(maps.Keys(words)) {
		if !used[key] {
			t.Errorf("nothing says %s", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if _, ok := words[key]; !ok && !strings.Contains(key, ".html") && key != "site.css" {
			t.Errorf("no sentence for %s", key)
		}
	}
}

func TestNoSentenceStandsInATemplate(t *testing.T) {
	japanese := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]+`)
	for _, pattern := range []string{"templates/public/*.html", "templates/layout/public.html"} {
		files, err := fs.Glob(apptest.Files(), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(apptest.Files(), file)
			if err != nil {
				t.Fatal(err)
			}
			if found := japanese.FindString(string(text)); found != "" {
				t.Errorf("%s holds %q", file, found)
			}
		}
	}
}
