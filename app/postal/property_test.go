package postal

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// checkAnswer holds what every answer promises, whatever the address.
func checkAnswer(t *testing.T, d *Dictionary, address string) {
	t.Helper()
	a := d.Lookup(address, nambu)
	seen := map[string]bool{}
	for _, c := range a.Candidates {
		if len(d.Towns(c.Code)) == 0 || seen[c.Code] {
			t.Errorf("%q: got code %s, want each once and from the dictionary", address, c.Code)
		}
		seen[c.Code] = true
	}
	switch a.Tier {
	case Sure:
		if a.Code == "" || a.Candidates[0].Code != a.Code || a.Candidates[0].Town == "" {
			t.Errorf("%q: got %+v, want a town area's code first", address, a)
		}
	case Candidates:
		if a.Code != "" || len(a.Candidates) == 0 {
			t.Errorf("%q: got %+v, want candidates and no code", address, a)
		}
	case None:
		if a.Code != "" || len(a.Candidates) > 0 {
			t.Errorf("%q: got %+v, want nothing", address, a)
		}
	default:
		t.Errorf("%q: got tier %q", address, a.Tier)
	}
}

func FuzzLookup(f *testing.F) {
	for _, line := range strings.Split(strings.TrimSpace(excerptRows), "\n") {
		c := strings.Fields(line)
		f.Add(c[1] + c[2] + c[3] + "12番地3")
	}
	f.Add("京都市上京区御前通上ル2丁目西入ル北町\ue000字大字")
	f.Add("南部町字字字大字大字-ノ第地割")
	d := excerpt(f)
	f.Fuzz(func(t *testing.T, address string) { checkAnswer(t, d, address) })
}

func FuzzReadBytes(f *testing.F) {
	f.Add([]byte(excerptCSV(excerptRows)))
	f.Add(cp932(f, officeRow))
	f.Add(zipped(f, "a.csv", []byte(excerptCSV("0390503 青森県 三戸郡南部町 平（「を除く」〜、・の次に１がくる場合） a"))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := ReadBytes(raw)
		if err != nil {
			return
		}
		d := NewDictionary(file)
		for _, r := range file.rows[:min(len(file.rows), 20)] {
			checkAnswer(t, d, r.pref+r.muni+r.town+"1-2")
		}
	})
}

func TestEveryRowOfTheExcerptIsAmongItsOwnAnswers(t *testing.T) {
	d := excerpt(t)
	for _, r := range d.rows {
		base, _ := splitBracket(r.town)
		checkAnswer(t, d, r.pref+r.muni+base+"12番地")
		if strings.Contains(base, noteNext) || base == noteCatchAll || strings.ContainsAny(base, "、〜") {
			continue
		}
		address := r.pref + r.muni + base
		if a := d.Lookup(address, Default{}); a.Tier == None {
			t.Errorf("%s: got none, want an answer of any kind", address)
		}
	}
}

func TestLookupsGoOnWhileAnotherDictionaryLoads(t *testing.T) {
	d := excerpt(t)
	raw := []byte(excerptCSV(excerptRows))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 50 {
				if got := d.Lookup("南部町埖渡字前田3", nambu); got.Code != "0390814" {
					t.Errorf("got %v, want 0390814", got)
				}
			}
		})
	}
	wait.Go(func() {
		if _, err := ReadBytes(raw); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
}

func TestFoldKeepsWhatIsNoNumber(t *testing.T) {
	for in, want := range map[string]string{
		"三戸郡":          "三戸郡",
		"八戸市十一日町":      "八戸市十一日町",
		"四條畷市":         "4条畷市",
		"三丁目二十三番百二号":   "3丁目23番102号",
		"第三地割":         "第3地割",
		"三の宮":          "三ノ宮",
		"１２ー３－４−５":     "12-3-4-5",
		"ｶﾞｰﾃﾞﾝ":       "ケーデン",
		"二－三":          "2-3",
		"代々木":          "代代木",
		"髙﨑 澤\u3000邊":  "高崎沢辺",
		"葛\U000e0100飾": "葛飾",
		"五町目":          "5丁目",
		"12一3":         "12-3",
	} {
		if got := string(fold(in)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := fold(strings.Repeat("あ", 10*maxAddressRunes)); len(got) > maxAddressRunes || !utf8.ValidString(string(got)) {
		t.Errorf("got %d characters, want at most %d", len(got), maxAddressRunes)
	}
}

// nationalSize is the number of rows of the national file of 2026.
const nationalSize = 124_511

// nationalCSV makes a file of national size: 1,900 municipalities with about
// 65 town areas each, every twentieth with a bracket.
func nationalCSV() []byte {
	var b strings.Builder
	kanji := []rune("上下中東西南北山川田原野本新大小高松竹梅島沢谷池林森")
	for i := range nationalSize {
		town := string([]rune{kanji[i%25], kanji[i/25%25], kanji[i/625%25]})
		if i%20 == 0 {
			town += "（１〜３丁目、上ノ原、４丁目１〜１４番）"
		}
		fmt.Fprintf(&b, "00000,\"000  \",\"%07d\",\"ア\",\"ア\",\"ア\",\"青森県\",\"第%d郡%c%c町\",\"%s\",0,0,1,0,0,0\r\n",
			i, i/6500, kanji[i/65%25], kanji[i/1625%25], town)
	}
	return []byte(b.String())
}

func BenchmarkLoad(b *testing.B) {
	raw := nationalCSV()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		f, err := ReadBytes(raw)
		if err != nil {
			b.Fatal(err)
		}
		NewDictionary(f)
	}
}

func BenchmarkLookup(b *testing.B) {
	d := excerpt(b)
	addresses := []string{
		"青森県三戸郡南部町大字上名久井字下町１２", "六戸町大字犬落瀬字下久保174-3", "京都府京都市上京区御前通五辻上ル北町5",
		"札幌市中央区南４条西１６丁目1-2", "神奈川県平塚市宮の前1-1", "東京都新宿区西新宿1-26-2新宿野村ビル12F",
	}
	for i := 0; b.Loop(); i++ {
		d.Lookup(addresses[i%len(addresses)], nambu)
	}
}
