package postal

import (
	"strings"
	"testing"
)

// nambuTowns are the 28 town areas (大字) of the town; 相内 has two codes and
// is tested apart.
var nambuTowns = map[string]string{
	"赤石": "0390102", "大向": "0390103", "沖田面": "0390105", "片岸": "0390801", "椛木": "0390812", "上名久井": "0390501",
	"剣吉": "0390612", "小泉": "0390805", "埖渡": "0390814", "小向": "0390104", "下名久井": "0390502", "杉沢": "0390813",
	"平": "0390503", "高瀬": "0390507", "高橋": "0390804", "玉掛": "0390101", "鳥舌内": "0390504", "斗賀": "0390611",
	"苫米地": "0390802", "鳥谷": "0390505", "虎渡": "0390614", "福田": "0390815", "法光寺": "0390506", "法師岡": "0390811",
	"麦沢": "0390803", "森越": "0390613",
}

// places and numbers are the notations in which an address of the town comes.
var (
	nambuPlaces = []string{
		"青森県三戸郡南部町", "青森県南部町", "三戸郡南部町", "南部町", "三戸郡名川町", "青森県三戸郡福地村", "青森県　三戸郡　南部町　",
		"〒039-0000 青森県三戸郡南部町",
	}
	nambuLots = []string{
		"字前田１２番地３", "字前田12-3", "字前田十二番地の三", "前田12ー3", "12番地", "１２－３", "", "字下タ構5番地1", "字田ノ尻1", "字経ケ森2", "字沖中46",
	}
)

func TestEveryTownAreaOfTheTownIsFoundInEveryNotation(t *testing.T) {
	d := SeedDictionary()
	if len(nambuTowns) != 26 {
		t.Fatalf("got %d town areas typed, want 26 besides 相内 and the catch-all", len(nambuTowns))
	}
	for town, code := range nambuTowns {
		for _, spelt := range spellings(town) {
			for _, place := range nambuPlaces {
				for _, lot := range nambuLots {
					for _, oaza := range []string{"大字", ""} {
						address := place + oaza + spelt + lot
						if got := d.Lookup(address, nambu); got.Code != code {
							t.Errorf("%s: got %s %s, want %s", address, got.Tier, got.Code, code)
						}
					}
				}
			}
			address := "大字" + spelt + "字前田1"
			if got := d.Lookup(address, nambu); got.Code != code {
				t.Errorf("%s: got %s %s, want %s by default", address, got.Tier, got.Code, code)
			}
		}
	}
}

// spellings gives the old and variant characters of a town area.
func spellings(town string) []string {
	out := []string{town}
	for _, v := range [][2]string{{"沢", "澤"}, {"麦", "麥"}, {"高", "髙"}, {"剣", "劔"}, {"片", "片"}, {"斗", "\ue010"}} {
		if strings.Contains(town, v[0]) && v[0] != v[1] {
			out = append(out, strings.Replace(town, v[0], v[1], 1))
		}
	}
	return out
}

func TestTheTwoCodesOfAinai(t *testing.T) {
	d := SeedDictionary()
	for aza, code := range map[string]string{
		"柏木久保": "0390606", "鴨ノ首": "0390606", "鴨の首": "0390606", "留ノ沢": "0390606", "留ノ澤": "0390606", "沼久保": "0390606",
		"屋敷久保": "0390606", "荒井": "0390106", "長田": "0390106",
	} {
		for _, place := range nambuPlaces {
			for _, form := range []string{"大字相内字", "相内字", "相内"} {
				address := place + form + aza + "１－２"
				if got := d.Lookup(address, nambu); got.Code != code {
					t.Errorf("%s: got %s %s, want %s", address, got.Tier, got.Code, code)
				}
			}
		}
	}
	for _, address := range []string{"青森県三戸郡南部町大字相内", "南部町相内12-3"} {
		got := d.Lookup(address, nambu)
		if got.Tier != Candidates || !got.shows("0390106") || !got.shows("0390606") {
			t.Errorf("%s: got %v, want both codes to choose from", address, got)
		}
	}
}

func TestNeighboursExceptionsOfTheSeed(t *testing.T) {
	d := SeedDictionary()
	for address, code := range map[string]string{
		"三戸郡五戸町切谷内字北田ノ沢1":        "0392302",
		"青森県三戸郡五戸町大字切谷内字外ノ沢1":    "0391502",
		"八戸市大字櫛引字土橋3":            "0310007",
		"青森県八戸市櫛引字烏沢3":           "0391107",
		"上北郡六戸町大字犬落瀬字下久保174-1":   "0392371",
		"青森県上北郡六戸町犬落瀬字七百100":     "0330071",
		"青森県上北郡六戸町大字犬落瀬字下久保２０１番": "0330071",
	} {
		if got := d.Lookup(address, nambu); got.Code != code {
			t.Errorf("%s: got %s %s, want %s", address, got.Tier, got.Code, code)
		}
	}
}

func TestSeedIsWellFormed(t *testing.T) {
	f := seedFile()
	if len(f.rows) < 36 {
		t.Fatalf("got %d seed rows, want the town's 29 and its neighbours'", len(f.rows))
	}
	for _, r := range f.rows {
		if !isCode(r.code) || r.pref == "" || r.muni == "" || r.town == "" {
			t.Errorf("got incomplete seed row %+v", r)
		}
	}
	if names := seedRows(seedOldNames, 4); len(names) < 30 {
		t.Errorf("got %d old names, want the merged municipalities of Aomori", len(names))
	}
}
