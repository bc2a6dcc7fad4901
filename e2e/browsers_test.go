package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// remote is a browser that is driven from outside, by whatever protocol.
type remote interface {
	open(address string)
	eval(script string, into any) // an expression, its value by way of JSON
	click(selector string)        // with the mouse
	keys(selector, text string)   // with the keyboard
}

// The engines behind the browsers that people use: Gecko, and WebKit as in
// Safari. Blink is everywhere else in this package.
var engines = []struct {
	name  string
	start func(*testing.T) remote
}{{"Firefox", startFirefox}, {"WebKit", startWebKit}}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always can be
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// surfer does with a remote browser what a person does.
type surfer struct {
	*testing.T
	remote
	site string
}

func (s surfer) text() (text string) {
	s.Helper()
	s.eval(`document.body.innerText`, &text)
	return text
}

func (s surfer) path() (path string) {
	s.Helper()
	s.eval(`location.pathname`, &path)
	return path
}

func (s surfer) visit(path string) {
	s.Helper()
	s.open(s.site + path)
	s.look()
}

// follow clicks something and waits for the page that it leads to.
func (s surfer) follow(selector string) {
	s.Helper()
	s.eval(`(window.before = true)`, nil)
	s.click(selector)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var there bool
		s.eval(`(!window.before && document.readyState === 'complete')`, &there)
		if there {
			break
		}
		if time.Now().After(deadline) {
			s.Fatalf("clicking %s on %s led nowhere", selector, s.path())
		}
	}
	s.look()
}

// look holds a page to what every engine has to do with it: its own styles are
// there, nothing scrolls sideways, no error of the engine's in place of the page.
func (s surfer) look() {
	s.Helper()
	var seen struct {
		Styled bool
		Over   int
		Main   bool
	}
	s.eval(`({Styled: document.styleSheets.length > 0 && document.styleSheets[0].cssRules.length > 20,
		Over: document.documentElement.scrollWidth - document.documentElement.clientWidth, Main: !!document.querySelector('main h1')})`, &seen)
	if !seen.Styled || seen.Over > 0 || !seen.Main {
		s.Errorf("%s: got %+v\n%s", s.path(), seen, s.text())
	}
}

func (s surfer) must(parts ...string) {
	s.Helper()
	text := s.text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("on %s: got\n%s\nwant it to say %q", s.path(), text, part)
		}
	}
}

// choose takes an entry of a list, as a person who opens it does.
func (s surfer) choose(selector, value string) {
	s.Helper()
	s.eval(`(document.querySelector(`+quote(selector)+`).value = `+quote(value)+`)`, nil)
}

func TestResidentInEveryEngine(t *testing.T) {
	w := run(t)
	people := w.unbooked(len(engines))
	for i, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := surfer{t, e.start(t), w.start.Public}
			p := people[i]
			s.visit("/sign-in")
			s.follow(`main button[type=submit]`)
			var title string
			s.eval(`document.title`, &title)
			if !strings.HasPrefix(title, "エラー：") {
				t.Errorf("got title %q, want it to say that the form failed", title)
			}
			part := strings.Split(p.BirthDate, "-")
			s.keys(`#f-notice_number`, p.Number)
			s.choose(`#f-birth_era`, "western")
			for k, id := range []string{"year", "month", "day"} {
				s.keys(`#f-birth_`+id, part[k])
			}
			s.follow(`main button[type=submit]`)
			if s.path() != "/venues" {
				t.Fatalf("got to %s, want to the choice of places\n%s", s.path(), s.text())
			}
			s.follow(`main a[href*="/slots?venue="]`)
			s.follow(`ul.views a`)
			s.follow(`table.calendar a`)
			s.follow(`main button[name=slot]`)
			s.follow(`main form button[type=submit]`)
			number := w.liveNumber(p)
			if number == "" {
				t.Fatalf("nothing was booked; on %s\n%s", s.path(), s.text())
			}
			s.must(number)
			s.follow(`main a[href$="/booking/cancel"]`)
			s.follow(`main form button[type=submit]`)
			if n := w.liveNumber(p); n != "" {
				t.Errorf("got live booking %s, want it cancelled", n)
			}
		})
	}
}

func TestStaffInEveryEngine(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			w := run(t)
			s := surfer{t, e.start(t), w.start.Console}
			s.visit("/sign-in")
			s.keys(`#f-staff_id`, w.start.StaffID)
			s.keys(`#f-password`, w.start.Password)
			s.follow(`main button[type=submit]`)
			const password = "Madoguchi-no-nagai-26"
			s.keys(`#f-current`, w.start.Password)
			s.keys(`#f-new`, password)
			s.keys(`#f-again`, password)
			s.follow(`main button[type=submit]`)
			s.visit("/search")
			p := w.unbooked(1)[0]
			s.keys(`#f-q`, p.Number)
			s.follow(`main form button[type=submit]`)
			if !strings.HasPrefix(s.path(), "/recipients/") {
				t.Fatalf("got to %s, want to the person\n%s", s.path(), s.text())
			}
			s.follow(`a[href$="/book"]`)
			s.follow(`table.times a`)
			s.follow(`main form button[type=submit]`)
			if number := w.liveNumber(p); number == "" {
				t.Errorf("nothing was booked; on %s\n%s", s.path(), s.text())
			}
			s.visit("/")
			s.must("予約")
		})
	}
}
