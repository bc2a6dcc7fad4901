package jp

import (
	"strconv"
	"strings"
)

// kanjiDigits holds each digit at its value; kanjiUnits the units with theirs.
// The second shapes are those of deeds and registers (壱 弐 参 拾).
var (
	kanjiDigits = map[rune]int{
		'〇': 0, '零': 0, '一': 1, '壱': 1, '二': 2, '弐': 2, '三': 3, '参': 3,
		'四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
	}
	kanjiUnits = map[rune]int{'十': 10, '拾': 10, '百': 100, '千': 1000}
)

// arabicNumerals writes kanji numerals below ten thousand as digits, whether
// with units (千九百五十) or by place (一九五〇). What is no number that way
// stays as it is, and so does a numeral that touches digits: "2十" has no one
// reading.
func arabicNumerals(s string) string {
	var out strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); {
		end := i
		for end < len(runes) && isKanjiNumeral(runes[end]) {
			end++
		}
		if end == i {
			out.WriteRune(runes[i])
			i++
			continue
		}
		digits, ok := kanjiNumber(runes[i:end])
		if !ok || i > 0 && isDigit(runes[i-1]) || end < len(runes) && isDigit(runes[end]) {
			digits = string(runes[i:end])
		}
		out.WriteString(digits)
		i = end
	}
	return out.String()
}

func kanjiNumber(numeral []rune) (digits string, ok bool) {
	var byPlace strings.Builder
	total, digit, lastUnit := 0, -1, 10000
	for _, r := range numeral {
		if d, isDigit := kanjiDigits[r]; isDigit {
			if lastUnit < 10000 && digit >= 0 {
				return "", false
			}
			byPlace.WriteString(strconv.Itoa(d))
			digit = d
			continue
		}
		unit := kanjiUnits[r]
		if unit >= lastUnit || digit == 0 || byPlace.Len() > 1 && lastUnit == 10000 {
			return "", false
		}
		if digit < 0 {
			digit = 1
		}
		total += digit * unit
		digit, lastUnit = -1, unit
	}
	if lastUnit == 10000 {
		return byPlace.String(), true
	}
	return strconv.Itoa(total + max(digit, 0)), true
}

func isKanjiNumeral(r rune) bool {
	_, digit := kanjiDigits[r]
	_, unit := kanjiUnits[r]
	return digit || unit
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
