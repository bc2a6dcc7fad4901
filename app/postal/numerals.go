package postal

import "strconv"

// countingWords are the words before which a number written in kanji is a
// number; elsewhere it is part of a name (三戸, 八戸, 四條畷) and stays.
var countingWords = [][]rune{
	[]rune("丁"), []rune("条"), []rune("線"), []rune("地割"), []rune("番"), []rune("号"), []rune("区"),
	[]rune("階"), []rune("町目"), []rune("町内"), []rune("筋目"), []rune("ノ通"), []rune("ノ町"), []rune("ノ"),
}

// kanjiDigit gives the value of a kanji digit, or of 十 百 千 as such.
func kanjiDigit(r rune) (int, bool) {
	switch r {
	case '零':
		return 0, true
	case '一', '壱':
		return 1, true
	case '二':
		return 2, true
	case '三':
		return 3, true
	case '四':
		return 4, true
	case '五':
		return 5, true
	case '六':
		return 6, true
	case '七':
		return 7, true
	case '八':
		return 8, true
	case '九':
		return 9, true
	case '十':
		return 10, true
	case '百':
		return 100, true
	case '千':
		return 1000, true
	}
	return 0, false
}

// foldNumbers rewrites kanji numbers before counting words and after 第, a
// lone 一 between digits (a mistyped dash), and 町目 as 丁目.
func foldNumbers(in []rune) []rune {
	if !hasKanjiDigit(in) {
		return foldChome(in)
	}
	out := make([]rune, 0, len(in)+4)
	for i := 0; i < len(in); {
		if _, ok := kanjiDigit(in[i]); !ok {
			out = append(out, in[i])
			i++
			continue
		}
		end := i
		for end < len(in) && isNumeral(in[end]) {
			end++
		}
		switch {
		case end == i+1 && in[i] == '一' && i > 0 && isDigit(in[i-1]) && end < len(in) && isDigit(in[end]):
			out = append(out, '-')
		case counts(in, i, end):
			out = append(out, []rune(strconv.Itoa(kanjiNumber(in[i:end])))...)
		default:
			out = append(out, in[i:end]...)
		}
		i = end
	}
	return foldChome(out)
}

func hasKanjiDigit(s []rune) bool {
	for _, r := range s {
		if isNumeral(r) {
			return true
		}
	}
	return false
}

func isNumeral(r rune) bool {
	_, ok := kanjiDigit(r)
	return ok
}

// counts reports whether the kanji number in[from:to] is used as a number. A
// run of more than seven characters is no number of any address.
func counts(in []rune, from, to int) bool {
	if to-from > 7 {
		return false
	}
	if from > 0 && in[from-1] == '第' {
		return true
	}
	// 三-五-2: figures joined by hyphens may be kanji too.
	if to+1 < len(in) && in[to] == '-' && (isDigit(in[to+1]) || isNumeral(in[to+1])) {
		return true
	}
	if from > 1 && in[from-1] == '-' && (isDigit(in[from-2]) || isNumeral(in[from-2])) {
		return true
	}
	for _, w := range countingWords {
		if !hasRunes(in, w, to) {
			continue
		}
		// 三ノ宮 is a name, 三ノ五 and 三の通り are numbers.
		if len(w) == 1 && w[0] == 'ノ' {
			return to+1 < len(in) && isDigit(in[to+1]) && from > 0 && isDigit(in[from-1])
		}
		return true
	}
	return false
}

// kanjiNumber reads 二十三, 二三 and 百二 alike.
func kanjiNumber(s []rune) int {
	total, digit, seen := 0, 0, false
	for _, r := range s {
		v, _ := kanjiDigit(r)
		if v < 10 {
			digit, seen = digit*10+v, true
			continue
		}
		if !seen {
			digit = 1
		}
		total, digit, seen = total+digit*v, 0, false
	}
	return total + digit
}

// foldChome writes N町目 as N丁目; old Kyoto records use the former.
func foldChome(s []rune) []rune {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == '町' && s[i+1] == '目' && isDigit(s[i-1]) {
			s[i] = '丁'
		}
	}
	return s
}
