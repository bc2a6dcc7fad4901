package web

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func readings(t *testing.T) (*furigana, fs.FS) {
	t.Helper()
	files := os.DirFS("../..")
	f, err := loadFurigana(files)
	if err != nil {
		t.Fatal(err)
	}
	return f, files
}

// flat shows ruby as 漢字《かんじ》.
var flat = strings.NewReplacer("<ruby>", "", "<rt>", "《", "</ruby>", "》")

func TestReadingsFollowWordsAndNumbers(t *testing.T) {
	f, _ := readings(t)
	for text, want := range map[string]string{
		"予約を取り消す":             "予約《よやく》を取り消《とりけ》す",
		"令和8年（2026年）12月3日（木）": "令和《れいわ》8年《ねん》（2026年《ねん》）12月《がつ》3日《みっか》（木《もく》）",
		"12月25日（金）":           "12月《がつ》25日《にち》（金《きん》）",
		"午前9時30分から午後1時15分まで":  "午前《ごぜん》9時《じ》30分《ぷん》から午後《ごご》1時《じ》15分《ふん》まで",
		"あと2人分です":             "あと2人《ふたり》分《ぶん》です",
		"月":                   "月《げつ》",
		"24時間のあいだ":            "24時間《じかん》のあいだ",
		"本人が来てください":           "本人《ほんにん》が来《き》てください",
		"ABC-123456":          "ABC-123456",
	} {
		if got := flat.Replace(f.text(text, map[string]int{})); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestOnlyTextOfThePageGetsReadings(t *testing.T) {
	f, _ := readings(t)
	const page = `<!DOCTYPE html><html><head><title>予約</title></head><body><p aria-label="予約">予約</p><select><option>予約</option></select><input value="予約"><svg><text>予約</text></svg></body></html>`
	got := flat.Replace(string(f.page([]byte(page))))
	if want := strings.Replace(page, ">予約</p>", ">予約《よやく》</p>", 1); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A long list does not say the same reading without end.
func TestAWordIsReadOnlySoOften(t *testing.T) {
	f, _ := readings(t)
	page := "<html><body>" + strings.Repeat("<p>予約は12月3日（木）9時</p>", mostReadings+5) + "<p>12月4日に確認</p></body></html>"
	got := flat.Replace(string(f.page([]byte(page))))
	for part, want := range map[string]int{"予約《よやく》": mostReadings, "3日《みっか》": mostReadings, "（木《もく》）": mostReadings, "9時《じ》": mostReadings, "4日《よっか》": 1, "確認《かくにん》": 1, "予約": mostReadings + 5} {
		if n := strings.Count(got, part); n != want {
			t.Errorf("%s: got %d times, want %d", part, n, want)
		}
	}
}

// Whoever adds a sentence adds the readings of its words.
func TestEveryWordOfTheSiteHasItsReading(t *testing.T) {
	f, files := readings(t)
	text, err := fs.ReadFile(files, "templates/words/ja.json")
	if err != nil {
		t.Fatal(err)
	}
	var sentences map[string]string
	if err := json.Unmarshal(text, &sentences); err != nil {
		t.Fatal(err)
	}
	inRuby := regexp.MustCompile(`<ruby>.*?</ruby>`)
	number := regexp.MustCompile(`\{[a-z_]+\}`)
	for key, sentence := range sentences {
		rest := inRuby.ReplaceAllString(f.text(number.ReplaceAllString(sentence, "3"), map[string]int{}), "")
		if i := strings.IndexFunc(rest, func(r rune) bool { return r != '〇' && unicode.Is(unicode.Han, r) }); i >= 0 {
			t.Errorf("%s: no reading in templates/words/furigana.txt for %q of %q", key, rest[i:], sentence)
		}
	}
	for word, reading := range f.readings {
		if strings.IndexFunc(reading, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 {
			t.Errorf("%s: the reading %s is none", word, reading)
		}
	}
}
