package jp

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestNameKeyIsOneForAllShapesOfAName(t *testing.T) {
	for _, c := range []struct {
		name  string
		forms []string
		want  string
	}{
		{"ladder 高", []string{"髙橋　誠", "高橋誠", "高 橋 誠"}, "高橋誠"},
		{"崎 with 立 and 大", []string{"山﨑", "山嵜", "山崎"}, "山崎"},
		{"浜, 辺, 斉", []string{"濵邉齋", "濱邊斎", "浜辺斉", "浜邉齊"}, "浜辺斉"},
		{"広, 沢, 徳, 柳, 真", []string{"廣澤德栁眞", "広沢徳柳真"}, "広沢徳柳真"},
		{"a 吉 beyond the basic plane", []string{"𠮷田", "吉田"}, "吉田"},
		{"variation sequences", []string{"葛\U000E0100城", "葛\U000E0101城", "葛\uFE00城", "葛城"}, "葛城"},
		{"compatibility ideographs", []string{"\uFA19谷", "神谷"}, "神谷"},
		{"repeated kanji", []string{"佐々木", "佐佐木"}, "佐佐木"},
		{"kana in any width, hiragana apart", []string{"ｻｸﾗ", "サクラ"}, "サクラ"},
		{"Latin letters and middle dots", []string{"Ｊｏｈｎ・smith", "JOHN SMITH", "John･Smith"}, "JOHNSMITH"},
		{"nothing", []string{"", " ", "・", "\U000E0100"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, form := range c.forms {
				if got := NameKey(form); got != c.want {
					t.Errorf("%q: got %q, want %q", form, got, c.want)
				}
			}
		})
	}
}

func TestNameKeyKeepsDifferentNamesApart(t *testing.T) {
	for _, c := range [][2]string{
		{"さくら", "サクラ"}, {"太田", "大田"}, {"畑中", "畠中"}, {"坂本", "阪本"}, {"河合", "川合"}, {"伊藤", "伊東"}, {"々木", "木"},
	} {
		if NameKey(c[0]) == NameKey(c[1]) {
			t.Errorf("got one key for %s and %s, want two", c[0], c[1])
		}
	}
}

func TestKanaKeyIsOneForAllWritingsOfAReading(t *testing.T) {
	for _, c := range []struct {
		name  string
		forms []string
		want  string
	}{
		{"width, hiragana, spaces", []string{"ﾀｶﾊｼ ﾏｺﾄ", "たかはし　まこと", "タカハシマコト"}, "タカハシマコト"},
		{"small kana", []string{"リョウッ", "りょうっ", "ﾘｮｳｯ", "リヨウツ"}, "リヨウツ"},
		{"long vowels and hyphens", []string{"ユーコ", "ﾕｰｺ", "ユ-コ", "ユ－コ", "ユコ"}, "ユコ"},
		{"voiced marks joined, apart, half-width", []string{"ガパ", "カ゛ハ゜", "ｶﾞﾊﾟ", "か\u3099は\u309a"}, "ガパ"},
		{"ヴ stays", []string{"ヴァ", "ゔぁ", "ｳﾞｧ"}, "ヴア"},
		{"Latin letters", []string{"Ｓｍｉｔｈ・Ｊｏｈｎ", "smith john"}, "SMITHJOHN"},
		{"nothing", []string{"", "ー", "　"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, form := range c.forms {
				if got := KanaKey(form); got != c.want {
					t.Errorf("%q: got %q, want %q", form, got, c.want)
				}
			}
		})
	}
	if KanaKey("ハル") == KanaKey("バル") {
		t.Error("got one key for ハル and バル, want two")
	}
}

// TestAVariantFoldsOneWay guards the table against a character in two groups
// and against entries that NFKC makes pointless.
func TestAVariantFoldsOneWay(t *testing.T) {
	seen := make(map[rune]string)
	for _, group := range strings.Fields(variants) {
		if len([]rune(group)) < 2 {
			t.Errorf("%s: got one shape, want two or more", group)
		}
		for _, shape := range group {
			if other, ok := seen[shape]; ok {
				t.Errorf("%c: got it in %s and %s, want it in one", shape, other, group)
			}
			seen[shape] = group
			if !norm.NFKC.IsNormalString(string(shape)) {
				t.Errorf("%c: NFKC changes it before the table is asked", shape)
			}
		}
	}
}
