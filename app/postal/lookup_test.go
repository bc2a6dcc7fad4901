package postal

import (
	"strings"
	"testing"
)

// Every case is one rule of the published notation or of the way people write.
func TestLookupFillsInWhatTheDictionaryDecides(t *testing.T) {
	d := excerpt(t)
	for _, c := range []struct{ name, address, code string }{
		{"plain town area", "青森県三戸郡南部町大字上名久井字下町１２", "0390501"},
		{"prefecture, county and 大字 left out", "南部町埖渡字前田3", "0390814"},
		{"municipality left out, the default's town area", "大字埖渡字前田3", "0390814"},
		{"one-character town area before its 小字", "青森県三戸郡南部町平広場22", "0390503"},
		{"town area that begins like another", "南部町鳥谷字沢田1", "0390505"},
		{"old municipality", "名川町大字鳥舌内字平5", "0390504"},
		{"old village whose name went before the town area", "青森県三戸郡南郷村大字島守字北ノ畑1", "0310202"},
		{"小字 of a bracket", "南部町相内字鴨の首5-2", "0390606"},
		{"小字 outside the bracket", "南部町大字相内字荒井33", "0390106"},
		{"小字 is not torn apart", "八戸市新井田字西平1-2", "0310813"},
		{"the same characters without 字 before a 丁目", "八戸市新井田西二丁目3-4", "0310814"},
		{"a 丁目 row is not reached across 字", "秋田市外旭川字八幡田116", "0100802"},
		{"a 丁目 row before a 丁目", "秋田市外旭川八幡田一丁目2番3号", "0100804"},
		{"丁目 behind 大字", "弘前市大字中野二丁目1-15", "0368155"},
		{"その他 for a 小字", "弘前市大字中野字福田3", "0361451"},
		{"丁目 against 番地", "交野市私部3丁目12番5号", "5760052"},
		{"番地 against 丁目", "交野市私部1234番地", "5760002"},
		{"three figures with hyphens are a 丁目", "交野市私部3-12-5", "5760052"},
		{"a large number with hyphen is a 番地", "交野市私部2345-6", "5760002"},
		{"丁 of Sakai", "堺市堺区東上野芝町一丁20", "5900803"},
		{"kanji numbers before counting words", "北海道札幌市中央区南十四条西十八丁目4-3", "0640914"},
		{"a range of 丁目", "旭川市3条通十八丁目左1号", "0788213"},
		{"N丁目北 for a direction in brackets", "札幌市白石区本通16丁目北4番30号", "0030027"},
		{"丁目 with numbers joined by a dot", "東京都新宿区戸山3-21-1", "1690052"},
		{"other numbers of that 丁目", "東京都新宿区戸山3-20-1", "1620052"},
		{"丁目 with a range of numbers", "江戸川区江戸川4丁目14番3号", "1320013"},
		{"a number behind that range", "江戸川区江戸川4丁目15番3号", "1340013"},
		{"exception inside a bracket holds", "青森県上北郡六戸町犬落瀬字下久保174番地", "0392371"},
		{"branches of the exception are excepted too", "六戸町大字犬落瀬字下久保174-3", "0392371"},
		{"the rest of an excepted 小字", "六戸町大字犬落瀬字下久保175", "0330071"},
		{"exception with several numbers", "六戸町犬落瀬坪毛沢637-1", "0392371"},
		{"exception without 小字", "福山市芦田町福田376-10", "7200845"},
		{"outside of an exception without 小字", "福山市芦田町福田376-11", "7201264"},
		{"numbers up to a bound", "和歌山県紀の川市竹房450", "6496413"},
		{"numbers from a bound", "和歌山県紀の川市竹房451-2", "6496162"},
		{"open range", "富山県黒部市宇奈月町音沢1000", "9380274"},
		{"地割 inside the range", "洋野町種市第5地割12番地", "0287902"},
		{"地割 in a list", "西和賀町穴明第23地割4", "0295503"},
		{"地割 written with hyphen", "洋野町種市2-15-3", "0287903"},
		{"一地割 with a bracket", "西和賀町杉名畑44地割後口山7", "0240341"},
		{"lot directly behind the village, lower block", "小菅村663", "4090142"},
		{"lot directly behind the village, upper block", "山梨県北都留郡小菅村664番地", "4090211"},
		{"一円 is a town area of Taga", "多賀町一円12", "5220317"},
		{"one code for the whole village", "山梨県南都留郡鳴沢村8532", "4010320"},
		{"comma outside the bracket", "土庄町乙大木戸12", "7614103"},
		{"Kyoto street names before the town area", "京都市上京区御前通五辻上ル北町5", "6028392"},
		{"Kyoto with 上がる", "京都府京都市上京区上の下立売通天神道西入ル上がる北町12", "6028368"},
		{"Kyoto town area that exists once", "京都市下京区四条通烏丸東入長刀鉾町20", "6008009"},
		{"ward that was renamed", "浜松市中区上島三丁目4-5", "4338122"},
		{"ward without its city", "静岡県天竜区二俣町二俣1", "4313314"},
		{"floor of a building", "東京都新宿区西新宿1-26-2新宿野村ビル12F", "1630512"},
		{"below ground", "東京都新宿区西新宿1-26-2新宿野村ビル地下1階", "1630590"},
		{"beside the building", "東京都新宿区西新宿2-8-1", "1600023"},
		{"old characters", "富山県黑部市宇奈月町音澤12", "9380174"},
		{"の and ノ and ケ", "三重県名張市桔梗ヶ丘三番町1", "5180623"},
		{"counting word left out", "名張市桔梗が丘3-3-5", "5180623"},
		{"letter of the lot behind the 小字", "西条市神拝字七反地甲217", "7930041"},
		{"の dropped", "福岡市西区姪浜4丁目23-7", "8190002"},
		{"spaces and postal code before", "〒039-0814 青森県　三戸郡　南部町　埖渡　１", "0390814"},
		{"characters that tell two town areas apart", "兵庫県佐用郡佐用町大畠12", "6795319"},
		{"character written in kana by Japan Post", "前橋市橳島町12", "3710817"},
		{"private-use character stands for one", "青森県三戸郡南部町大字鳥\ue123内字平5", "0390504"},
	} {
		got := d.Lookup(c.address, nambu)
		if got.Tier != Sure || got.Code != c.code {
			t.Errorf("%s: %s: got %s %s (%v), want sure %s", c.name, c.address, got.Tier, got.Code, got.Candidates, c.code)
		}
	}
}

func TestLookupAsksWhereThereIsADoubt(t *testing.T) {
	d := excerpt(t)
	for _, c := range []struct{ name, address, among string }{
		{"小字 that decides is missing", "青森県三戸郡南部町相内12", "0390606"},
		{"no town area at all", "青森県三戸郡南部町", "0390100"},
		{"unknown town area shows the catch-all only", "神奈川県平塚市宮の前1-1", "2540000"},
		{"typing error", "長野県上田市上塩兄12", "3860042"},
		{"two cities of one name", "府中市府中町174", "7260005"},
		{"Kyoto town area that exists twice", "京都市上京区北町12", "6028392"},
		{"two figures that may be 丁目 or 番地", "交野市私部12-5", "5760002"},
		{"building without floor", "東京都新宿区西新宿1-26-2新宿野村ビル", "1630590"},
		{"another ward has the town area", "札幌市北区南十四条西1丁目", "0640914"},
		{"town area left out in a village of few", "青森県三戸郡階上町123", "0310833"},
		{"town area that is no more, its name lives on in another", "長野県上田市大字東上塩兄12", "3860042"},
		{"another municipality behind a wrong one", "青森市八戸市新井田字西平1", "0310813"},
		{"a building before the address", "レインボーテラス内 八戸市新井田字西平1", "0310813"},
		{"地割 outside every range", "岩手県九戸郡洋野町種市第22地割", "0287903"},
	} {
		got := d.Lookup(c.address, nambu)
		if got.Tier != Candidates || got.Code != "" {
			t.Errorf("%s: %s: got %s %s, want candidates", c.name, c.address, got.Tier, got.Code)
			continue
		}
		if !got.shows(c.among) {
			t.Errorf("%s: %s: got %v, want %s among them", c.name, c.address, got.Candidates, c.among)
		}
	}
}

func TestLookupNeverFillsInACatchAll(t *testing.T) {
	d := excerpt(t)
	for _, tail := range []string{"", "1", "1-2-3", "字前田1", "大字無い町1", "役場", "１丁目", "\ue000"} {
		for _, town := range []string{"青森県三戸郡南部町", "八戸市", "神奈川県平塚市", "札幌市北区", "京都市下京区"} {
			got := d.Lookup(town+tail, Default{})
			if strings.HasSuffix(got.Code, "0000") || got.Code == "0390100" {
				t.Errorf("%s: got %s filled in, want a question", town+tail, got.Code)
			}
		}
	}
}

func TestLookupKnowsNothingOfOtherPlaces(t *testing.T) {
	d := excerpt(t)
	for _, address := range []string{"", " ", "沖縄県那覇市泉崎1-2-3", "アメリカ合衆国", "〒", "1234567", "沖縄県平良1"} {
		if got := d.Lookup(address, nambu); got.Tier != None || len(got.Candidates) > 0 {
			t.Errorf("%q: got %v, want none", address, got)
		}
	}
}

func TestDefaultDecidesBetweenTownsOfOneName(t *testing.T) {
	d := excerpt(t)
	if got := d.Lookup("南部町福田字館1", nambu); got.Code != "0390815" {
		t.Errorf("got %v, want the default's own 福田 0390815", got)
	}
	yamanashi := Default{Prefecture: "山梨県", County: "南巨摩郡", Municipality: "南部町"}
	if got := d.Lookup("福士123", yamanashi); got.Code != "4092102" {
		t.Errorf("got %v, want 4092102 with the default of Yamanashi", got)
	}
	if got := d.Lookup("鳥取県西伯郡南部町法勝寺331-1", nambu); got.Code != "6830351" {
		t.Errorf("got %v, want the stated prefecture to count: 6830351", got)
	}
	if got := d.Lookup("埖渡字前田3", Default{}); got.Tier != None {
		t.Errorf("got %v, want none without municipality and default", got)
	}
}

func TestCandidatesBeginWithTheCodeAndNeverRepeat(t *testing.T) {
	d := excerpt(t)
	got := d.Lookup("南部町相内字荒井33", nambu)
	if len(got.Candidates) != 2 || got.Candidates[0].Code != got.Code || got.Candidates[1].Code != "0390606" {
		t.Fatalf("got %v, want 0390106 and then its sibling 0390606", got)
	}
	want := Candidate{Code: "0390106", Prefecture: "青森県", Municipality: "三戸郡南部町", Town: "相内（その他）", Why: WhyOther}
	if got.Candidates[0] != want {
		t.Errorf("got %+v, want %+v", got.Candidates[0], want)
	}
}

func TestTownsGivesEveryPlaceOfACode(t *testing.T) {
	d := SeedDictionary()
	for _, code := range []string{"0390100", "039-0100", "〒０３９－０１００"} {
		got := d.Towns(code)
		if len(got) != 2 || got[0].Municipality != "三戸郡南部町" || got[1].Municipality != "三戸郡三戸町" || got[0].Town != "" {
			t.Errorf("%s: got %v, want 南部町 and 三戸町 without a town area", code, got)
		}
	}
	if got := d.Towns("0000000"); len(got) != 0 {
		t.Errorf("got %v, want nothing for an unknown code", got)
	}
}
