package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"madoguchi/app/apptest"
)

// scan does what a scanner of the keyboard type does: types and sends.
func scan(p *apptest.Page, payload string) *apptest.Page {
	return p.Submit("/read", url.Values{"payload": {payload}})
}

// state is the box with the result of the last read.
func state(t *testing.T, p *apptest.Page) (class, text string) {
	t.Helper()
	boxes := p.FindAll("#state")
	if len(boxes) != 1 {
		t.Fatalf("%s: got %d results shown, want 1: %s", p.Path, len(boxes), p.Text())
	}
	return strings.TrimPrefix(apptest.Attr(boxes[0], "class"), "state "), apptest.TextOf(boxes[0])
}

// ready fails the test unless the field is empty and has the cursor.
func ready(t *testing.T, p *apptest.Page) {
	t.Helper()
	field := p.FindAll("#f-payload")
	if len(field) != 1 || apptest.Attr(field[0], "value") != "" || !apptest.HasAttr(field[0], "autofocus") {
		t.Errorf("%s: the field is not ready for the next code", p.Path)
	}
}

func TestReadPageBeforeTheFirstCode(t *testing.T) {
	o := open(t)
	p := o.administrator().Get("/read")
	must(t, p, http.StatusOK, "今日、あなたが読み取った件数 0件", "今日はまだ、あなたが読み取ったQRコードはありません。")
	golden(t, "read", p)
	ready(t, p)
}

func TestCodeIsReadAndShownAtOnce(t *testing.T) {
	o := open(t)
	p := scan(o.clerk().Get("/read"), freshPayload)
	if class, text := state(t, p); class != "done" || !strings.Contains(text, "読取り完了") || !strings.Contains(text, "佐々木 次郎") || !strings.Contains(text, "再交付") {
		t.Errorf("got %s %q, want the person shown as read", class, text)
	}
	must(t, p, http.StatusOK, "今日、あなたが読み取った件数 4件", "JKL-444444")
	ready(t, p)
	golden(t, "read_done", p)
	if got, want := p.Texts("tbody .number"), []string{"4", "3", "2", "1"}; !slices.Equal(got, want) {
		t.Errorf("got numbers %q, want %q", got, want)
	}
	if got := p.Texts("tbody th")[0]; got != "佐々木 次郎" {
		t.Errorf("got %q first, want the newest", got)
	}
}

func TestCodeIsReadWhateverTheScannerAdds(t *testing.T) {
	wide := strings.NewReplacer("JKL-444444", "ＪＫＬ－４４４４４４", ",", "，").Replace(freshPayload)
	for name, payload := range map[string]string{
		"CR":                freshPayload + "\r",
		"LF":                freshPayload + "\n",
		"CR and LF":         freshPayload + "\r\n",
		"TAB":               freshPayload + "\t",
		"TAB before":        "\t" + freshPayload,
		"full width":        wide,
		"full width and CR": wide + "\r",
		"small letters":     strings.ToLower(freshPayload),
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			p := scan(o.clerk().Get("/read"), payload)
			if class, text := state(t, p); class != "done" || !strings.Contains(text, "JKL-444444") {
				t.Errorf("got %s %q, want it read", class, text)
			}
		})
	}
}

func TestCodesThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		payload, says, shown string
	}{
		"IME was on":       {"あｂｃー４４４４４４、ｓｄｆ", "日本語入力がオンのまま", "あｂｃー４４４４４４、ｓｄｆ"},
		"half a code":      {"JKL-444444,4234", "途中までしか読み取れていません", "JKL-444444,4234"},
		"no notice number": {strings.Replace(freshPayload, "JKL-444444", "JKL", 1), "「交付通知書番号」が読み取れません", "JKL,4234"},
		"bad birth date":   {strings.Replace(freshPayload, "19700401", "19700431", 1), "「生年月日」が読み取れません", "19700431"},
		"another town":     {strings.Replace(freshPayload, "024457", "024414", 1), "ほかの市区町村", "024414"},
		"markup":           {`<b>JKL</b>`, "途中までしか", `<b>JKL</b>`},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			p := scan(o.clerk().Get("/read"), c.payload)
			must(t, p, http.StatusUnprocessableEntity, c.says, "今日、あなたが読み取った件数 3件")
			class, text := state(t, p)
			if class != "wrong" || !strings.Contains(text, "読み取れません") || !strings.Contains(text, c.shown) {
				t.Errorf("got %s %q, want it refused and what arrived shown", class, text)
			}
			if !strings.HasPrefix(p.Title(), "エラー：") {
				t.Errorf("got title %q, want it to begin with エラー：", p.Title())
			}
			ready(t, p)
			sound(t, name, p)
			if class, _ := state(t, scan(p, freshPayload)); class != "done" {
				t.Errorf("got %s for the next code, want it read", class)
			}
		})
	}
}

func TestLongRubbishIsShownInPart(t *testing.T) {
	o := open(t)
	p := scan(o.clerk().Get("/read"), strings.Repeat("９", 3000))
	must(t, p, http.StatusUnprocessableEntity, strings.Repeat("９", shownPayload)+"……")
	if strings.Contains(p.Body, strings.Repeat("９", shownPayload+1)) {
		t.Error("got all of it shown")
	}
}

func TestMyNumberIsNeverShownBack(t *testing.T) {
	o := open(t)
	p := scan(o.clerk().Get("/read"), strings.Replace(freshPayload, "福田", "123456789018 福田", 1))
	must(t, p, http.StatusUnprocessableEntity, "個人番号（マイナンバー）とみられる12けたの数字")
	golden(t, "read_my_number", p)
	if strings.Contains(p.Body, "123456789018") || strings.Contains(p.Body, "福田") {
		t.Error("the page shows what must not be kept")
	}
}

func TestSecondReadSaysWhenAndByWhom(t *testing.T) {
	o := open(t)
	p := scan(o.administrator().Get("/read"), hanakoPayload)
	must(t, p, http.StatusConflict, "12月1日（火） 09:00 に 窓口 花子 が読み取っています", "今日、あなたが読み取った件数 0件")
	if class, text := state(t, p); class != "before" || !strings.Contains(text, "読取済み") || !strings.Contains(text, "髙橋 花子") {
		t.Errorf("got %s %q, want it shown as read before", class, text)
	}
	ready(t, p)
	golden(t, "read_before", p)
	if to := p.Follow("髙橋 花子 さんの記録を見る"); to.Path != pathOf(o.hanako) {
		t.Errorf("got %s, want the record that is there", to.Path)
	}
}

func TestEnterTooManyIsHarmless(t *testing.T) {
	o := open(t)
	first := o.clerk().Get("/read")
	must(t, scan(first, ""), http.StatusOK, "件数 3件")
	read := scan(first, freshPayload)
	for _, nothing := range []string{"", "\r\n", "　"} {
		p := scan(read, nothing)
		if class, text := state(t, p); class != "done" || !strings.Contains(text, "佐々木 次郎") {
			t.Errorf("%q: got %s %q, want the last result still there", nothing, class, text)
		}
	}
}

func TestSameFormTwiceReadsOnce(t *testing.T) {
	o := open(t)
	c := o.clerk()
	path, _, values := c.Get("/read").Fill("/read", url.Values{"payload": {freshPayload}})
	for range 2 {
		if class, _ := state(t, c.Post(path, values)); class != "done" {
			t.Errorf("got %s, want the first answer again", class)
		}
	}
	if n := o.count(`SELECT count(*) FROM reading`); n != 4 {
		t.Errorf("got %d reads kept, want 4", n)
	}
}

func TestTwoPeopleReadOneCodeAtOnce(t *testing.T) {
	o := open(t)
	type form struct {
		client *apptest.Client
		values url.Values
	}
	var forms []form
	for _, c := range []*apptest.Client{o.clerk(), o.administrator()} {
		_, _, values := c.Get("/read").Fill("/read", url.Values{"payload": {freshPayload}})
		forms = append(forms, form{c, values})
	}
	status := make([]int, len(forms))
	var wg sync.WaitGroup
	for i, f := range forms {
		wg.Go(func() {
			p, err := f.client.Try(http.MethodPost, "/read", f.values)
			if err != nil {
				t.Error(err)
				return
			}
			status[i] = p.Status
		})
	}
	wg.Wait()
	if status[0]+status[1] != http.StatusOK+http.StatusConflict {
		t.Errorf("got statuses %v, want one 200 and one 409", status)
	}
	if n := o.count(`SELECT count(*) FROM card WHERE notice_number = 'JKL444444'`); n != 1 {
		t.Errorf("got %d cards, want 1", n)
	}
}

func TestListHoldsTheLastTwentyReads(t *testing.T) {
	o := open(t)
	p := o.administrator().Get("/read")
	for i := range 22 {
		p = scan(p, strings.NewReplacer("JKL-444444", "JKL-4444"+string(rune('0'+i/10))+string(rune('0'+i%10)),
			"42345678901234567890123", "423456789012345678901"+string(rune('0'+i/10))+string(rune('0'+i%10))).Replace(freshPayload))
	}
	must(t, p, http.StatusOK, "件数 22件")
	if got := p.Texts("tbody .number"); len(got) != recentReads || got[0] != "22" || got[19] != "3" {
		t.Errorf("got numbers %q, want 22 down to 3", got)
	}
}
