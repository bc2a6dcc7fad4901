package jp

import (
	"testing"
	"unicode/utf8"
)

func TestNarrowIsWhatAPlainKeyboardTypes(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"full-width letters and digits", "ＡＢｃ－１２３", "ABc-123"},
		{"every mark used for a hyphen", "-‐‑‒–—―⁃−－﹣ーｰ─━", "---------------"},
		{"spaces around, also full-width", "　 A12 \r\n", "A12"},
		{"spaces within stay", "A　12", "A 12"},
		{"circled and squared digits", "①㍻", "1平成"},
		{"zero-width characters and byte order mark", "\ufeffA\u200b1\u00ad2", "A12"},
		{"half-width kana become kana", "ｱﾊﾟｰﾄ", "アパ-ト"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Narrow(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDigitsKeepsOnlyDigits(t *testing.T) {
	for in, want := range map[string]string{
		"０３９－０８０２":      "0390802",
		"(0178)60-7012": "0178607012",
		"〒039-0802":     "0390802",
		"٣٤":            "",
		"三丁目":           "",
		"１２\u00a034":    "1234",
	} {
		if got := Digits(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestTypedWithIMETellsScannersFromPeople(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"plain", "AB-123", false},
		{"full-width is repaired", "ＡＢ－１２３", false},
		{"a long-vowel mark is a hyphen", "１２ー３４ｰ５", false},
		{"romaji turned into kana", "あb１２３", true},
		{"kana keyboard layout", "ちこ12", true},
		{"half-width kana", "ﾁｺ12", true},
		{"converted to kanji", "亜123", true},
		{"comma and full stop turned Japanese", "1、2。3", true},
		{"nothing", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := TypedWithIME(c.in); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestFoldFindsTextHoweverItWasTyped(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"width and case", "ＡＢＣマンション", "abcマンション"},
		{"half-width kana", "ﾒｿﾞﾝﾊｲﾂ", "メゾンハイツ"},
		{"a long vowel after kana stays", "センターｰ", "センターー"},
		{"a long-vowel mark between digits is a hyphen", "１ー２ｰ３−４", "1-2-3-4"},
		{"runs of spaces are one", "　沖田面 \t 字沖中\u3000 ", "沖田面 字沖中"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Fold(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzKeys looks for text whose key has another key: stored keys and keys of
// what is typed later would then miss each other.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		"ＡＢ－１２３", "髙𠮷 葛\U000E0100城", "ｶﾞｯﾂ･ｽﾞｰ", "カ゛ッ", "\u3099か", "\u00a8\u0301", "ǰ\u0323", "ŉ", "ﬃ", "佐々木", "İ", "\u1e9b\u0323", "か\u200b\u3099", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, fold := range map[string]func(string) string{
			"Narrow": Narrow, "Digits": Digits, "Fold": Fold, "NameKey": NameKey, "KanaKey": KanaKey,
		} {
			once := fold(text)
			if twice := fold(once); twice != once {
				t.Errorf("%s of %+q: got %+q, then %+q, want no change", name, text, once, twice)
			}
			if !utf8.ValidString(once) {
				t.Errorf("%s of %+q: got %+q, want UTF-8", name, text, once)
			}
		}
	})
}
