package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/intake"
	"madoguchi/store"
)

func init() {
	pages["postal"], pages["postal_offer"] = &postalPage{}, &postalOfferPage{}
}

// kenAll is a small file in the form of Japan Post's utf_ken_all.
func kenAll(rows ...[2]string) []byte {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "02445,\"039\",\"%s\",\"アオモリケン\",\"サンノヘグンナンブチョウ\",\"カナ\",\"青森県\",\"三戸郡南部町\",\"%s\",0,1,0,0,0,0\r\n", r[0], r[1])
	}
	return []byte(b.String())
}

func TestPostalDictionaryIsLoadedByStaff(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/postal")
	must(t, p, http.StatusOK, "はじめから入っている、この町と近くの町の一覧を使っています。")
	golden(t, "postal", p)
	p = p.Upload("/postal/file", "file", "utf_ken_all.csv", kenAll([2]string{"0390802", "苫米地"}, [2]string{"0390899", "新しい町"}), nil)
	must(t, p, http.StatusOK, "はじめて入れるファイルです。", "三戸郡南部町新しい町", "039-0899", "2行")
	golden(t, "postal_offer", p)
	must(t, o.clerk().Get("/postal?q=新しい町1"), http.StatusOK, "この住所の郵便番号は見つかりません。", "確認待ち")
	p = p.Submit(p.Path+"/take", nil)
	must(t, p, http.StatusOK, "新しい郵便番号の辞書を使い始めました。", "住所の郵便番号（UTF-8）")
	must(t, o.clerk().Get("/postal?q=新しい町1"), http.StatusOK, "郵便番号が1つに決まりました。", "039-0899")
	must(t, o.clerk().Get("/postal?q=０３９－０８９９"), http.StatusOK, "青森県三戸郡南部町新しい町")
	must(t, p.Upload("/postal/file", "file", "utf_ken_all.csv", kenAll([2]string{"0390802", "苫米地"}, [2]string{"0390899", "新しい町"}), nil),
		http.StatusUnprocessableEntity, "このファイルは、いま使っているものと同じです。")

	p = p.Upload("/postal/file", "file", "utf_ken_all.csv", kenAll([2]string{"0390802", "苫米地"}, [2]string{"0390898", "新しい町"}), nil)
	must(t, p, http.StatusOK, "039-0899", "039-0898", "変わった 1", "同じ 1")
	must(t, p.Submit(p.Path+"/drop", nil), http.StatusOK, "読み込んだ辞書を取り消しました。")
	must(t, o.clerk().Get(p.Path), http.StatusConflict, "もう使えません")
	must(t, o.clerk().Get("/postal?q=新しい町1"), http.StatusOK, "039-0899")
	if n := o.count(`SELECT count(*) FROM postal_file WHERE body IS NOT NULL`); n != 1 {
		t.Errorf("got %d files with their bytes, want the one in use", n)
	}
	// Another process, or a promoted standby, finds the same dictionary.
	other := intake.NewDictionary(o.st, nil)
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		_, err := other.Now(tx)
		return err
	})
	other.Wait()
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		d, err := other.Now(tx)
		if len(d.Towns("0390899")) != 1 {
			t.Error("the dictionary of the store is not found by another process")
		}
		return err
	})
}

func TestWrongPostalFilesAreNamed(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/postal")
	good := kenAll([2]string{"0390802", "苫米地"}, [2]string{"0390899", "新しい町"})
	for says, file := range map[string][]byte{
		"ファイルを選んでください。":              nil,
		"日本郵便の郵便番号データではありません。":       []byte("氏名,住所\n南部,町\n"),
		"ファイルが途中で切れているか壊れています。":      good[:len(good)-20],
		"2行目の形が郵便番号データと違います。":        append(kenAll([2]string{"0390802", "苫米地"}), "a,b\r\n"...),
		"ファイルが大きすぎます。日本郵便の郵便番号データでは": make([]byte, intake.PostalFileBytes+2<<20),
	} {
		must(t, p.Upload("/postal/file", "file", "x.csv", file, nil), http.StatusUnprocessableEntity, says)
	}
	if n := o.count(`SELECT count(*) FROM postal_file`); n != 0 {
		t.Errorf("got %d files kept, want none", n)
	}
}

func TestAddressFormLooksUpBothWays(t *testing.T) {
	o := open(t)
	action := pathOf(o.hanako) + "/contact"
	p := o.clerk().Get(action)
	look := func(values url.Values) *apptest.Page {
		t.Helper()
		p = p.Submit(action, values)
		must(t, p, http.StatusOK, "連絡先を直す")
		return p
	}
	field := func(name string) string { return apptest.Attr(p.FindAll("#f-" + name)[0], "value") }

	look(url.Values{"look_up": {"code"}, "address": {"大字剣吉字桜木2"}, "postal_code": {""}})
	if got := field("postal_code"); got != "039-0612" {
		t.Errorf("got %q, want the code of 剣吉", got)
	}
	golden(t, "contact_code_found", p)
	look(url.Values{"look_up": {"code"}, "address": {"大字相内12-3"}, "postal_code": {""}})
	must(t, p, http.StatusOK, "郵便番号が1つに決まりません。", "039-0606", "039-0106")
	if got := field("postal_code"); got != "" {
		t.Errorf("got %q filled in where there is doubt", got)
	}
	golden(t, "contact_codes_offered", p)
	look(url.Values{"take_code": {"0390606"}})
	if got := field("postal_code"); got != "039-0606" {
		t.Errorf("got %q, want the code that was chosen", got)
	}
	look(url.Values{"look_up": {"address"}, "address": {""}})
	must(t, p, http.StatusOK, "住所を入れました。")
	if got := field("address"); got != "青森県三戸郡南部町相内" {
		t.Errorf("got address %q", got)
	}
	must(t, look(url.Values{"look_up": {"code"}, "address": {""}}), http.StatusOK, "先に住所を入力してください。")
	must(t, look(url.Values{"look_up": {"address"}, "postal_code": {"9999999"}}), http.StatusOK, "いまの辞書にありません。")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'contact_corrected'`); n != 0 {
		t.Errorf("got %d corrections, want that looking up saves nothing", n)
	}
	must(t, p.Submit(action, url.Values{"postal_code": {"0390606"}}), http.StatusOK, "連絡先を保存しました。", "039-0606")
}

func TestVenueFormLooksUpItsAddress(t *testing.T) {
	o := open(t)
	action := "/setup/venues/new"
	p := o.administrator().Get(action).Submit(action, url.Values{"look_up": {"code"}, "name": {"剣吉支所"}, "address": {"大字剣吉字桜木2"}})
	must(t, p, http.StatusOK, "郵便番号を入れました")
	if got := apptest.Attr(p.FindAll("#f-postal_code")[0], "value"); got != "039-0612" {
		t.Errorf("got %q, want the code of 剣吉", got)
	}
	if n := o.count(`SELECT count(*) FROM venue WHERE name = '剣吉支所'`); n != 0 {
		t.Error("looking up has saved the place")
	}
	must(t, p.Submit(action, nil), http.StatusOK, "剣吉支所")
}

func TestTypedCardLooksUpItsAddress(t *testing.T) {
	o := open(t)
	c := o.clerk()
	before := o.count(`SELECT count(*) FROM card`)
	page := openBatch(t, c, "2").Follow("12月1日（火）着 第1便")
	action := strings.Split(page.Path, "?")[0] + "/type"
	p := c.Get(action).Submit(action, url.Values{"look_up": {"code"}, "address": {"大字相内12-3"}, "name": {"だれか"}})
	must(t, p, http.StatusOK, "手で入力する", "039-0606", "039-0106")
	p = p.Submit(action, url.Values{"take_code": {"0390106"}})
	for name, want := range map[string]string{"postal_code": "039-0106", "name": "だれか"} {
		if got := apptest.Attr(p.FindAll("#f-" + name)[0], "value"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if n := o.count(`SELECT count(*) FROM card`); n != before {
		t.Error("looking up has put a card on record")
	}
}

func TestHomeOfAddressesIsSetWithItsHistory(t *testing.T) {
	o := open(t)
	must(t, o.clerk().Get("/postal?q=大字剣吉1"), http.StatusOK, "青森県三戸郡南部町の住所として読みます。", "039-0612")
	must(t, o.clerk().Get("/setup/postal"), http.StatusForbidden)
	p := o.administrator().Get("/postal").Follow("変える")
	must(t, p, http.StatusOK, "住所の読み方", "まだ変更されていません。")
	must(t, p.Submit("/setup/postal", url.Values{"town_municipality": {"青森県三戸郡無い町"}}), http.StatusUnprocessableEntity, "いまの郵便番号の辞書にありません。")
	p = p.Submit("/setup/postal", url.Values{"town_municipality": {"青森県三戸郡五戸町"}})
	must(t, p, http.StatusOK, "なし →", "青森県三戸郡五戸町")
	golden(t, "setup_postal", p)
	must(t, o.clerk().Get("/postal?q=大字切谷内字北田ノ沢1"), http.StatusOK, "青森県三戸郡五戸町の住所として読みます。", "039-2302")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'setting_changed' AND subject = 'town.municipality'`); n != 1 {
		t.Errorf("got %d entries in the audit log, want 1", n)
	}
}
