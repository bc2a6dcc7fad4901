package demo

import (
	"time"

	"madoguchi/app/jp"
)

// awkward returns the people on whom screens, searches and prints are tried:
// rare kanji, long and short names, names without kana, births that are not
// fully known or lie at a border, addresses elsewhere and in buildings.
func awkward(today jp.Date) []Person {
	day := func(year int, month time.Month, d int) jp.BirthDate {
		return jp.BirthDate{Year: year, Month: int(month), Day: d}
	}
	return []Person{
		// Kanji that look alike to people and differ to computers; 𠮷 and 𣘺 lie
		// outside the basic plane, 邊󠄁 carries a variation selector.
		{Name: "髙橋　遥", KanaName: "タカハシ　ハルカ", IssueKind: "new", Birth: day(1996, time.July, 3)},
		{Name: "山﨑　德子", KanaName: "ヤマザキ　トクコ", IssueKind: "renewal", Birth: day(1951, time.March, 18)},
		{Name: "𠮷田　豊", KanaName: "ヨシダ　ユタカ", IssueKind: "renewal", Birth: day(1958, time.October, 30)},
		{Name: "𣘺本　廣", KanaName: "ハシモト　ヒロシ", IssueKind: "reissue", Birth: day(1947, time.June, 9)},
		{Name: "渡\u908A\U000E0101　さくら", KanaName: "ワタナベ　サクラ", IssueKind: "new", Birth: day(2011, time.April, 1)},
		// Names of every length.
		{Name: "小野寺　マリアフェルナンダガブリエラカタリナ桜子", IssueKind: "new", Birth: day(2003, time.May, 5),
			KanaName: "オノデラ　マリアフェルナンダガブリエラカタリナサクラコ"},
		{Name: "MONTGOMERY-FITZGERALD ALEXANDRA CHRISTINA ELIZABETH", IssueKind: "stay_changed", Birth: day(1990, time.August, 21),
			KanaName: "モンゴメリー－フィッツジェラルド アレクサンドラ クリスティーナ エリザベス"},
		{Name: "林　茂", KanaName: "ハヤシ　シゲル", IssueKind: "renewal", Birth: day(1955, time.January, 15)},
		{Name: "今　愛", KanaName: "コン　アイ", IssueKind: "page_full", Birth: day(1985, time.December, 1)},
		{Name: "佐々木　ヨシヱ", KanaName: "ササキ　ヨシエ", IssueKind: "renewal", Birth: day(1936, time.February, 2)},
		// Names in Latin letters, with kana and without; a name in kanji without kana.
		{Name: "NGUYEN THI MAI", KanaName: "グエン ティ マイ", IssueKind: "stay_changed", Birth: day(2001, time.September, 9)},
		{Name: "O'CONNOR SEAN PATRICK", IssueKind: "from_abroad", Birth: day(1979, time.November, 17)},
		{Name: "JOSE", KanaName: "ホセ", IssueKind: "new", Birth: day(1968, time.January, 1)},
		{Name: "李　明華", IssueKind: "stay_changed", Birth: day(1999, time.May, 20)},
		// Births of which the day, or month and day, is not known.
		{Name: "三浦　キヨ", KanaName: "ミウラ　キヨ", IssueKind: "renewal", Birth: day(1950, time.May, 0)},
		{Name: "工藤　正吉", KanaName: "クドウ　ショウキチ", IssueKind: "new", Birth: day(1943, 0, 0)},
		// Ages at the ends: not yet one, and a hundred.
		{Name: "中村　凪", KanaName: "ナカムラ　ナギ", IssueKind: "infant", Birth: birthOn(today.AddDays(-75)), MadeOn: today.AddDays(-20)},
		{Name: "成田　トメ", KanaName: "ナリタ　トメ", IssueKind: "new", Birth: birthOn(today.AddMonths(-12 * 100).AddDays(-40))},
		// Days on which calendars and eras go wrong.
		{Name: "木村　うるう", KanaName: "キムラ　ウルウ", IssueKind: "renewal", Birth: day(1992, time.February, 29)},
		{Name: "沼田　和義", KanaName: "ヌマタ　カズヨシ", IssueKind: "renewal", Birth: day(1989, time.January, 7)},
		{Name: "沼田　成美", KanaName: "ヌマタ　ナルミ", IssueKind: "renewal", Birth: day(1989, time.January, 8)},
		// Addresses: moved away, in a building, at someone else's, and the 大字 with two codes.
		{Name: "馬場　直人", KanaName: "ババ　ナオト", IssueKind: "reissue", Birth: day(1994, time.June, 24),
			PostalCode: "0310823", Address: "青森県八戸市湊高台二丁目14番9号"},
		{Name: "夏堀　舞", KanaName: "ナツボリ　マイ", IssueKind: "express", Birth: day(1988, time.April, 11),
			PostalCode: "0390612", Address: townPrefix + "剣吉字上野87番地2　メゾンりんご園203号室"},
		{Name: "根市　涼", KanaName: "ネイチ　リョウ", IssueKind: "new", Birth: day(1998, time.August, 6),
			PostalCode: "0390815", Address: townPrefix + "福田字前田31番地　沢口方"},
		{Name: "四戸　光子", KanaName: "シノヘ　ミツコ", IssueKind: "renewal", Birth: day(1938, time.September, 23),
			PostalCode: "0390606", Address: townPrefix + "相内字柏木久保５番地１"},
		{Name: "留目　勝", KanaName: "トドメ　マサル", IssueKind: "renewal", Birth: day(1944, time.March, 31),
			PostalCode: "0390106", Address: townPrefix + "相内字荒屋敷12番地"},
	}
}
