package console

import (
	"net/http"
	"net/url"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/card"
	"madoguchi/store"
)

func TestContactIsCorrected(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako)).Follow("連絡先を直す")
	must(t, p, http.StatusOK, "髙橋 花子")
	golden(t, "contact", p)
	p = p.Submit(pathOf(o.hanako)+"/contact", url.Values{"postal_code": {"０３９－０１０４"}, "telephone": {"０１７８－１２－３４５６"}})
	must(t, p, http.StatusOK, "連絡先を保存しました。", "039-0104", "0178-12-3456", "苫米地字下宿", "連絡先を訂正")
}

func TestContactsThatAreRefusedKeepWhatWasTyped(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako)+"/contact").Submit(pathOf(o.hanako)+"/contact",
		url.Values{"postal_code": {"039-08"}, "address": {"移転先"}, "telephone": {"なし"}})
	must(t, p, http.StatusUnprocessableEntity, "郵便番号は、数字7けたで入力してください", "電話番号は、市外局番から数字で入力してください")
	golden(t, "contact_refused", p)
	for name, want := range map[string]string{"postal_code": "039-08", "address": "移転先", "telephone": "なし"} {
		field := p.FindAll("#f-" + name)[0]
		if got := apptest.Attr(field, "value"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if wrong := apptest.Attr(field, "aria-invalid") == "true"; wrong != (name != "address") {
			t.Errorf("%s: got invalid %v", name, wrong)
		}
	}
	p = p.Submit(pathOf(o.hanako)+"/contact", url.Values{"postal_code": {""}, "telephone": {""}})
	must(t, p, http.StatusOK, "連絡先を保存しました。", "移転先")
}

func TestContactChangedMeanwhileShowsBothValues(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako) + "/contact")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		return card.CorrectContact(tx, o.accounts["kanri"].Actor("r1"), o.hanako.Card.Ref,
			card.Contact{Version: o.hanako.PersonVersion, PostalCode: "0390104", Address: "先に直した住所", Telephone: ""})
	})
	action := pathOf(o.hanako) + "/contact"
	p = p.Submit(action, url.Values{"address": {"あとから直した住所"}})
	must(t, p, http.StatusConflict, "ほかの人が先に連絡先を直しました", "いまの登録：先に直した住所", "いまの登録：039-0104", "いまの登録：なし")
	golden(t, "contact_stale", p)
	if got := apptest.Attr(p.FindAll("#f-address")[0], "value"); got != "あとから直した住所" {
		t.Errorf("got %q in the field, want what was typed", got)
	}
	must(t, p.Submit(action, nil), http.StatusOK, "連絡先を保存しました。", "あとから直した住所")
}
