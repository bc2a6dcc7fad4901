package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// furigana writes the readings of words above them (ふりがな): a list of words
// with their readings, longest first, and rules for dates and counts. It works on
// finished pages, because attributes and titles hold the same sentences and
// cannot hold ruby.
type furigana struct {
	readings map[string]string
	pattern  *regexp.Regexp
}

// counters are what stands after a number, and how it is read then. "N" is for
// those whose reading depends on the number.
var counters = map[string]string{
	"年": "ねん", "月": "がつ", "日": "N", "時間以内": "じかんいない", "時間前": "じかんまえ", "時間": "じかん", "時": "じ",
	"分間": "N", "分": "N", "人分": "N", "人": "N", "回": "かい", "件": "けん", "歳未満": "さいみまん", "歳": "さい",
}

var (
	daysOfMonth = map[string]string{
		"1": "ついたち", "2": "ふつか", "3": "みっか", "4": "よっか", "5": "いつか", "6": "むいか", "7": "なのか", "8": "ようか", "9": "ここのか",
		"10": "とおか", "14": "じゅうよっか", "20": "はつか", "24": "にじゅうよっか",
	}
	people   = map[string]string{"1": "ひとり", "2": "ふたり"}
	weekdays = map[string]string{"日": "にち", "月": "げつ", "火": "か", "水": "すい", "木": "もく", "金": "きん", "土": "ど"}
)

func loadFurigana(files fs.FS) (*furigana, error) {
	text, err := fs.ReadFile(files, "templates/words/furigana.txt")
	if err != nil {
		return nil, fmt.Errorf("read furigana: %w", err)
	}
	f := &furigana{readings: map[string]string{}}
	var words []string
	for line := range strings.Lines(string(text)) {
		word, reading, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || f.readings[word] != "" {
			return nil, fmt.Errorf("furigana: %q is no new word with its reading", line)
		}
		f.readings[word] = reading
		words = append(words, regexp.QuoteMeta(word))
	}
	longestFirst := func(a, b string) int { return len(b) - len(a) }
	slices.SortStableFunc(words, longestFirst)
	var after []string
	for c := range counters {
		after = append(after, c)
	}
	slices.Sort(after)
	slices.SortStableFunc(after, longestFirst)
	f.pattern, err = regexp.Compile(`([0-9]+)(` + strings.Join(after, "|") + `)|（[日月火水木金土]）|` + strings.Join(words, "|"))
	return f, err
}

// mostReadings is how often a page says how a word is read: who reads down a long
// list knows it by then, and the page stays light.
const mostReadings = 10

// page writes the readings into a page. Only text in the body gets them.
func (f *furigana) page(body []byte) []byte {
	var out bytes.Buffer
	told := map[string]int{}
	z := html.NewTokenizer(bytes.NewReader(body))
	var plain []string // the elements around us whose text stays as it is
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case html.ErrorToken:
			out.WriteString(raw)
			return out.Bytes()
		case html.TextToken:
			if len(plain) == 0 {
				raw = f.text(raw, told)
			}
		case html.StartTagToken:
			// What only screen readers get is read aloud without readings.
			name, _ := z.TagName()
			inside := len(plain) > 0 && plain[len(plain)-1] == string(name)
			if keepsPlain[string(name)] || inside || strings.Contains(raw, `class="unseen"`) {
				plain = append(plain, string(name))
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); len(plain) > 0 && plain[len(plain)-1] == string(name) {
				plain = plain[:len(plain)-1]
			}
		}
		out.WriteString(raw)
	}
}

// keepsPlain are elements that can hold no ruby, or have it already.
var keepsPlain = map[string]bool{"head": true, "option": true, "textarea": true, "svg": true, "ruby": true, "script": true, "style": true}

// text writes the readings into text, and counts in told how often each was said.
func (f *furigana) text(s string, told map[string]int) string {
	enough := func(word string) bool {
		told[word]++
		return told[word] > mostReadings
	}
	if day := strings.TrimSpace(s); weekdays[day] != "" {
		if enough(day) {
			return s
		}
		return ruby(day, weekdays[day])
	}
	return f.pattern.ReplaceAllStringFunc(s, func(found string) string {
		word := strings.TrimLeft(found, "0123456789")
		switch day, isDay := strings.CutPrefix(word, "（"); {
		case word != found && counters[word] == "N" && word != "分" && word != "分間":
			// Read by the number: 3日 says nothing of 4日.
			if enough(found) {
				return found
			}
			return counted(strings.TrimSuffix(found, word), word)
		case enough(word):
			return found
		case isDay:
			day = strings.TrimSuffix(day, "）")
			return "（" + ruby(day, weekdays[day]) + "）"
		case word != found:
			return counted(strings.TrimSuffix(found, word), word)
		default:
			return ruby(found, f.readings[found])
		}
	})
}

// counted reads a number with what is counted; where the two melt into one word
// the reading stands over both.
func counted(n, counter string) string {
	switch counter {
	case "日":
		if whole := daysOfMonth[n]; whole != "" {
			return ruby(n+counter, whole)
		}
		return n + ruby(counter, "にち")
	case "人", "人分":
		rest := strings.TrimPrefix(counter, "人")
		if rest != "" {
			rest = ruby(rest, "ぶん")
		}
		if whole := people[n]; whole != "" {
			return ruby(n+"人", whole) + rest
		}
		return n + ruby("人", "にん") + rest
	case "分", "分間":
		reading := "ふん"
		if strings.ContainsAny(n[len(n)-1:], "013468") {
			reading = "ぷん"
		}
		if counter == "分間" {
			return n + ruby("分", reading) + ruby("間", "かん")
		}
		return n + ruby("分", reading)
	}
	return n + ruby(counter, counters[counter])
}

// ruby puts a reading over a word, but not over the kana at its end. The end of
// the reading is left out, as HTML allows: a long list has a thousand of them.
func ruby(word, reading string) string {
	w, r := []rune(word), []rune(reading)
	end := ""
	for len(w) > 1 && len(r) > 1 && w[len(w)-1] == r[len(r)-1] {
		end = string(w[len(w)-1]) + end
		w, r = w[:len(w)-1], r[:len(r)-1]
	}
	return "<ruby>" + string(w) + "<rt>" + string(r) + "</ruby>" + end
}
