package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

func init() {
	pages["lists"], pages["list_progress"], pages["list_columns"] = &listsPage{}, &listProgressPage{}, &listColumnsPage{}
	met = append(met, sheet.Empty, sheet.TooLarge, sheet.TooMany, sheet.TooWide, sheet.HTML, sheet.Truncated, sheet.Damaged, sheet.Bomb,
		sheet.OldExcel, sheet.NotTable, sheet.BadCharset, sheet.EUC, sheet.Garbled,
		intake.ListNotFound, intake.ListStale, intake.ListNotWritten, intake.ListForgotten, intake.ListNotLast, intake.ListNothing, intake.ListMapping,
		intake.ListMapTwice, intake.ListMyNumber, intake.ListKindWrong, intake.RowNotFound, intake.RowNoChoice, intake.RowNotOpen,
		intake.PostalNotJapanPost, intake.PostalTruncated, intake.PostalTooLarge, intake.PostalColumns, intake.PostalSame, intake.PostalOfferGone,
		card.RenewalGone, card.ShelfTooLong, card.ShelfUnknown)
	pages["list_rows"], pages["list_row"], pages["renewals"] = &listRowsPage{}, &listRowPage{}, &renewalsPage{}
}

func sjis(s string) []byte { return jp.AppendCP932(nil, s, nil) }

// takeList uploads a list and has it matched.
func (o *office) takeList(kind, text string) *apptest.Page {
	o.t.Helper()
	p := o.clerk().Get("/lists").Upload("/lists/file", "file", "meibo.csv", sjis(text), url.Values{"list": {kind}})
	must(o.t, p, http.StatusOK, "列を指定する")
	p = p.Submit(p.Path+"/columns", nil)
	o.desk.runner.Wait()
	return o.clerk().Get(p.Path)
}

const addressList = "交付通知書番号,氏名,フリガナ,生年月日,住所\r\n" +
	"ABC-123456,髙橋花子,タカハシ ハナコ,S25.5.12,大字剣吉字桜木2\r\n" + // differs
	",南部一郎,ﾅﾝﾌﾞ ｲﾁﾛｳ,H1.1.8,大字相内12-3\r\n" + // to be confirmed, postal code unclear
	"ZZZ-999999,だれか,ダレカ,S2.1.1,剣吉1\r\n" +
	"ABC-12,だれか,,,剣吉1\r\n"

func TestAddressListGoesThroughTheWizard(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/lists")
	must(t, p, http.StatusOK, "名簿の取込")
	golden(t, "lists", p)
	p = p.Upload("/lists/file", "file", "meibo.csv", sjis(addressList), url.Values{"list": {"address"}})
	must(t, p, http.StatusOK, "シフトJIS（CP932）", "カンマ（,）", "4行", "突合する（まだ登録しません）")
	golden(t, "list_columns", p)
	p = p.Submit(p.Path+"/columns", nil)
	must(t, p, http.StatusOK)
	o.desk.runner.Wait()
	p = o.clerk().Get(p.Path)
	must(t, p, http.StatusOK, "変わる 1", "要確認 1", "不備 1", "該当者なし 1", "1件を反映する", "郵便番号を選ぶ 1",
		"カナと生年月日だけが合いました。本人かどうか確かめてください", "交付通知書番号の形が違います")
	golden(t, "list_rows", p)
	address := p.Path
	must(t, o.clerk().Get(address+"?outcome=defect"), http.StatusOK, "「不備」の行 1件のうち 1〜1件目")

	row := p.Follow("3")
	must(t, row, http.StatusOK, "だれの行ですか", "南部 一郎", "039-0606", "039-0106")
	golden(t, "list_row", row)
	must(t, row.Submit(row.Path, nil), http.StatusUnprocessableEntity, "だれの行かを選んでください。")
	chosen := apptest.Attr(row.FindAll("#f-card-0")[0], "value")
	p = row.Submit(row.Path, url.Values{"card": {chosen}, "code": {"0390606"}})
	must(t, p, http.StatusOK, "決めた内容を保存しました。", "2件を反映する", "反映する（確認済み）")
	p = p.Submit(address+"/apply", nil)
	must(t, p, http.StatusOK, "名簿を反映しました。", "反映した行 2件", "この反映を元に戻す")
	golden(t, "list_applied", p)
	must(t, o.clerk().Get(pathOf(o.ichiro)), http.StatusOK, "039-0606", "大字相内12-3")
	must(t, o.clerk().Get(pathOf(o.hanako)), http.StatusOK, "039-0612", "大字剣吉字桜木2")
	p = p.Submit(address+"/back", nil)
	must(t, p, http.StatusOK, "反映を元に戻しました。", "元に戻した行 2件")
	must(t, o.clerk().Get(pathOf(o.hanako)), http.StatusOK, "苫米地字下宿")
}

func TestDefectsComeBackMended(t *testing.T) {
	o := open(t)
	p := o.takeList("address", addressList)
	file := p.Follow("取り込めなかった行をCSVで受け取る（理由つき）")
	if got := file.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Fatalf("got %q", got)
	}
	for _, text := range []string{"取り込めなかった理由", "交付通知書番号の形が違います", "ABC-12", "南部一郎"} {
		if !strings.Contains(file.Body, text) {
			t.Errorf("got %q, want %q in it", file.Body, text)
		}
	}
	mended := strings.ReplaceAll(file.Body, "ABC-12,", "GHI-333333,")
	p = o.clerk().Get("/lists").Upload("/lists/file", "file", "naoshita.csv", []byte(mended), url.Values{"list": {"address"}})
	must(t, p, http.StatusOK, "UTF-8（BOM付き）")
	p = p.Submit(p.Path+"/columns", nil)
	o.desk.runner.Wait()
	must(t, o.clerk().Get(p.Path), http.StatusOK, "変わる 1", "1件を反映する")
	book := o.clerk().Get(p.Path + "/defects?format=xlsx")
	if table, err := sheet.Open([]byte(book.Body)); err != nil || table.Found().Columns != 6 {
		t.Errorf("got %v, want a workbook with the reason before five columns", err)
	}
}

func TestWrongFilesAreNamedAtTheField(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/lists")
	for says, file := range map[string][]byte{
		"ファイルを選んでください。":    nil,
		"ウェブページ（HTML）です。":  []byte("<!DOCTYPE html><html></html>"),
		"行目で切れています。":       sjis(addressList)[:len(sjis(addressList))-8],
		"文字化けしたまま保存された":    []byte(jp.DecodeCP932([]byte(addressList))),
		"ファイルが大きすぎます。32MB": make([]byte, 200<<20),
	} {
		var got *apptest.Page
		if file == nil {
			got = p.Submit("/lists/file", url.Values{"list": {"address"}})
		} else {
			got = p.Upload("/lists/file", "file", "x.csv", file, url.Values{"list": {"address"}})
		}
		must(t, got, http.StatusUnprocessableEntity, says)
	}
	must(t, p.Upload("/lists/file", "file", "x.csv", sjis(addressList), nil), http.StatusUnprocessableEntity, "名簿の種類を選んでください。")
	if n := o.count(`SELECT (SELECT count(*) FROM held_file) + (SELECT count(*) FROM roll_file)`); n != 0 {
		t.Errorf("got %d files kept, want none", n)
	}
}

func TestRenewalListIsWorkedOff(t *testing.T) {
	o := open(t)
	p := o.takeList("renewal", "氏名,フリガナ,生年月日\r\n髙橋　花子,タカハシ ハナコ,S25.5.12\r\n南部　一郎,ナンブ イチロウ,H1.1.8\r\nだれか,ダレカ,S1.12.30\r\n")
	p = p.Submit(p.Path+"/apply", nil)
	must(t, p, http.StatusOK, "反映した行 3件")
	p = o.clerk().Get("/lists/renewals")
	must(t, p, http.StatusOK, "食い違い 1", "更新対象者だけ 1", "カードだけ 0", "両方にある 1", "カードの交付区分が更新ではありません")
	golden(t, "renewals", p)
	file := p.Follow("CSVで受け取る")
	if text := jp.DecodeCP932([]byte(file.Body)); !strings.Contains(text, "南部") || !strings.Contains(text, "食い違い") {
		t.Errorf("got %q", text)
	}
	p = p.Submit("/lists/renewals/mark", url.Values{"note": {"電話で確認"}})
	must(t, p, http.StatusOK, "対応済みにしました。", "食い違い 0", "対応済み 1")
	p = o.clerk().Get("/lists/renewals?group=mismatch&done=1")
	must(t, p, http.StatusOK, "電話で確認")
	golden(t, "renewals_done", p)
	must(t, p.Submit("/lists/renewals/open", nil), http.StatusOK, "未対応に戻しました。")

	// A card that is read later is found without anybody doing anything.
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := card.Register(tx, o.accounts["kanri"].Actor("r1"), card.Reading{Way: card.ByHand,
			Card:      card.Card{NoticeNumber: "QQQ000001", IssueKind: card.Renewal},
			Recipient: card.Recipient{Name: "だれか", KanaName: "ダレカ", Birth: jp.BirthDate{Year: 1926, Month: 12, Day: 30}}})
		return err
	})
	must(t, o.clerk().Get("/lists/renewals"), http.StatusOK, "両方にある 2", "更新対象者だけ 0")
}

func TestMatchingGoesOnAfterARestart(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/lists").Upload("/lists/file", "file", "meibo.csv", sjis(addressList), url.Values{"list": {"address"}})
	address := p.Path
	p.Submit(address+"/columns", nil)
	o.desk.runner.Wait()
	// As if the process had ended while the file was matched.
	if _, err := raw(o.st, `UPDATE roll_file SET state = 'matching', done = 1`); err != nil {
		t.Fatal(err)
	}
	o.serve()
	p = o.clerk().Get(address)
	must(t, p, http.StatusOK, "突合しています", "1行 / 4行（25%）")
	golden(t, "list_progress", p)
	o.desk.runner.Wait()
	must(t, o.clerk().Get(address), http.StatusOK, "変わる 1")
}

// raw writes behind the program's back.
func raw(st *store.Store, query string) (n int64, err error) {
	err = st.Write(context.Background(), func(tx *store.Tx) error {
		n, err = tx.Exec(query)
		return err
	})
	return n, err
}

func TestLongApplyingShowsHowFarItIsAndHowItEnded(t *testing.T) {
	o := open(t)
	address := o.takeList("address", addressList).Path
	ref := store.Ref(strings.TrimPrefix(address, "/lists/"))
	var f intake.File
	apptest.Read(t, o.st, func(tx *store.Tx) (err error) { f, err = intake.GetFile(tx, ref); return err })
	write := func(version int) (end func()) {
		applied, release := make(chan struct{}), make(chan struct{})
		ended, begun := o.desk.runner.Write(ref, intake.Applying, func(tx *store.Tx) error {
			defer func() { <-release }()
			defer close(applied)
			return o.desk.runner.Apply(tx, audit.Actor{Kind: audit.Staff, Request: "r"}, ref, version, 1)
		})
		if !begun {
			t.Fatal("got nothing begun, want the file applied")
		}
		<-applied
		return func() { close(release); <-ended }
	}

	end := write(f.Version)
	for range 2 { // a reload shows the same
		must(t, o.clerk().Get(address), http.StatusOK, "反映しています", "1行 / 4行（25%）")
	}
	if _, begun := o.desk.runner.Write(ref, intake.Applying, nil); begun {
		t.Error("got the file applied twice at once")
	}
	end()
	must(t, o.clerk().Get(address), http.StatusOK, "名簿を反映しました。", "反映した行 1件")
	if p := o.clerk().Get(address); strings.Contains(p.Text(), "名簿を反映しました。") {
		t.Error("got the end told twice")
	}

	write(f.Version)()
	must(t, o.clerk().Get(address), http.StatusConflict, "この名簿の状態か内容が変わりました")
}

const tornSheet = "交付通知書番号,氏名,フリガナ,生年月日\r\nQQQ-000001,破れた　一枚,ヤブレタ　イチマイ,S25.5.12\r\n"

func TestCardsOfATornSheetComeIntoTheirDelivery(t *testing.T) {
	o := open(t)
	c := o.clerk()
	batch := openBatch(t, c, "2").Follow("12月1日（火）着 第1便").Path
	take := func() *apptest.Page {
		t.Helper()
		p := c.Get("/lists").Upload("/lists/file", "file", "yabure.csv", sjis(tornSheet), url.Values{"list": {"card"}})
		must(t, p, http.StatusOK, "どの便のカードですか", "12月1日（火）着 第1便")
		p = p.Submit(p.Path+"/columns", nil)
		o.desk.runner.Wait()
		return c.Get(p.Path)
	}
	p := take()
	must(t, p, http.StatusOK, "登録したカードは、12月1日（火）着 第1便に入ります。", "1件を反映する")
	other := take() // the same sheet, by a colleague who does not know
	must(t, p.Submit(p.Path+"/apply", nil), http.StatusOK, "反映した行 1件")
	must(t, c.Get(batch), http.StatusOK, "破れた 一枚", "CSV", "読取り 1件")
	must(t, other.Submit(other.Path+"/apply", nil), http.StatusOK, "反映しなかった行 1件")
	// As a scanner would: when, by whom, with which delivery.
	must(t, take(), http.StatusOK, "この交付通知書番号は登録済みです：令和8年12月1日（火） 9:00（窓口 花子）", "第1便", "反映する行はありません")

	// A delivery that was closed meanwhile takes no more.
	late := c.Get("/lists").Upload("/lists/file", "file", "yabure2.csv", sjis(strings.ReplaceAll(tornSheet, "000001", "000002")), url.Values{"list": {"card"}})
	late = late.Submit(late.Path+"/columns", nil)
	o.desk.runner.Wait()
	late = c.Get(late.Path)
	c.Get(batch).Submit(strings.Split(batch, "?")[0]+"/close", nil)
	must(t, late.Submit(late.Path+"/apply", nil), http.StatusConflict, "この便は締め切られています")
	if n := o.count(`SELECT count(*) FROM card WHERE notice_number = 'QQQ000002'`); n != 0 {
		t.Error("got a card in a closed delivery")
	}
}

func TestCardIsShelvedLater(t *testing.T) {
	o := open(t)
	page := pathOf(o.hanako)
	p := o.clerk().Get(page).Follow("棚・箱を直す")
	must(t, p, http.StatusOK, "棚・箱を直す", "髙橋 花子")
	stale := o.clerk().Get(p.Path)
	must(t, p.Submit(p.Path, url.Values{"position": {strings.Repeat("棚", 21)}}), http.StatusUnprocessableEntity, "20文字まで")
	must(t, p.Submit(p.Path, url.Values{"position": {"A-3"}}), http.StatusOK, "棚・箱を保存しました。", "A-3", "棚・箱を変更")
	must(t, stale.Submit(p.Path, url.Values{"position": {"B-1"}}), http.StatusConflict, "ほかの人が先に変更しました", "A-3")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'card_shelved' AND json_extract(detail, '$.after') = 'A-3'`); n != 1 {
		t.Errorf("got %d entries in the audit log, want 1", n)
	}
}
