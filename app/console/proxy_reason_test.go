package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/store"
)

// reasons gives the office the reasons that every town has.
func (o *office) reasons() (all []booking.ProxyReason) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		if err := booking.EnsureProxyReasons(tx, system); err != nil {
			return err
		}
		all, err = booking.ProxyReasons(tx)
		return err
	})
	return all
}

func TestReasonsForAProxyAreSetUp(t *testing.T) {
	o := open(t)
	must(t, o.administrator().Get("/setup/proxy-reasons"), http.StatusOK, "登録されていません")
	all := o.reasons()
	c := o.administrator()
	must(t, c.Get("/setup"), http.StatusOK, "代理人の理由")
	p := c.Get("/setup/proxy-reasons")
	must(t, p, http.StatusOK, all[0].Name, "母子健康手帳")
	sound(t, "reasons", p)
	golden(t, "setup_reasons", p)
	p = p.Follow("理由を加える").Submit("/setup/proxy-reasons/new", url.Values{"name": {""}, "papers": {" \n "}})
	must(t, p, http.StatusUnprocessableEntity, "名前を入力してください", "確かめる書類を、1つ以上")
	sound(t, "refused reason", p)
	p = p.Submit("/setup/proxy-reasons/new", url.Values{"name": {all[4].Name}, "papers": {"証明書"}})
	must(t, p, http.StatusUnprocessableEntity, "すでに使われています")
	p = p.Submit("/setup/proxy-reasons/new", url.Values{"name": {"災害の救援に出ているかた"}, "papers": {"派遣の証明書\n職員証"}})
	must(t, p, http.StatusOK, "災害の救援に出ているかた", "職員証")

	action := reasonPath(all[4])
	later := c.Get(action)
	p = c.Get(action).Submit(action, url.Values{"papers": {"入院の証明書"}, "position": {"x"}})
	must(t, p, http.StatusUnprocessableEntity, "数字を入力してください")
	must(t, p.Submit(action, url.Values{"position": {"1"}}), http.StatusOK, "保存しました", "入院の証明書")
	stale := later.Submit(action, url.Values{"papers": {"診断書"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "入院の証明書")
	if got := apptest.TextOf(stale.FindAll("textarea")[0]); !strings.Contains(got, "診断書") {
		t.Errorf("got %q, want what was typed", got)
	}
	sound(t, "stale reason", stale)

	retire := c.Get("/setup/proxy-reasons").Follow("廃止する（" + all[11].Name + "）")
	sound(t, "retire reason", retire)
	must(t, retire.Submit(reasonPath(all[11])+"/retire", nil), http.StatusOK, "廃止（")
	must(t, retire.Submit(reasonPath(all[11])+"/retire", url.Values{"once": {"another-form-token-for-this-test-0000000000"}}), http.StatusConflict, "ほかの人が先に")
	if n := o.count(`SELECT count(*) FROM proxy_reason`); n != 13 {
		t.Errorf("got %d reasons, want none deleted", n)
	}
	if err := o.st.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(`DELETE FROM proxy_reason WHERE id = 1`); return err }); err == nil {
		t.Error("a reason can be deleted")
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action IN (?, ?, ?)`, audit.ProxyReasonAdded, audit.ProxyReasonChanged, audit.ProxyReasonRetired); n != 15 {
		t.Errorf("got %d entries, want one for each of 15 changes", n)
	}
	must(t, o.clerk().Get("/setup/proxy-reasons"), http.StatusForbidden)
}

func TestStaffSayWhoComesAndWhy(t *testing.T) {
	o := open(t)
	all := o.reasons()
	v := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	page := bookingPath(v.Booking.Ref)
	c := o.clerk()
	p := c.Get(page).Follow("来るかたを決める")
	must(t, p, http.StatusOK, "仕事などで忙しいことは", all[4].Name)
	sound(t, "who comes", p)
	golden(t, "comer", p)
	later := c.Get(page + "/comer")
	must(t, p.Submit(page+"/comer", nil), http.StatusUnprocessableEntity, "来るかたを選んでください")
	must(t, p.Submit(page+"/comer", url.Values{"comer": {"proxy"}}), http.StatusOK, "代理人が来る（理由は未確認）", "来るかたを変更")
	stale := later.Submit(page+"/comer", url.Values{"comer": {"holder"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：代理人が来る")
	p = stale.Submit(page+"/comer", url.Values{"comer": {"proxy"}, "reason": {string(all[4].Ref)}})
	who := "代理人が来る（" + all[4].Name + "）"
	must(t, p, http.StatusOK, who)
	must(t, c.Get("/check-in?visit="+string(v.Booking.Ref)), http.StatusOK, who)
	must(t, c.Get(page+"/booked"), http.StatusOK, who, all[4].Papers)
	must(t, c.Get(page+"/slip"), http.StatusOK, all[4].Papers)

	// A reason that is retired meanwhile stays with the bookings that have it.
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		return booking.RetireProxyReason(tx, o.accounts["kanri"].Actor("r1"), all[4].Ref, all[4].Version)
	})
	p = c.Get(page + "/comer")
	must(t, p, http.StatusOK, all[4].Name+"（廃止された理由）")
	must(t, p.Submit(page+"/comer", nil), http.StatusOK, who)
	must(t, c.Get(page+"/comer").Submit(page+"/comer", url.Values{"comer": {"guardian"}}), http.StatusOK, "法定代理人と来る")
	o.cancel(o.visit(v.Booking.Ref))
	must(t, c.Get(page+"/comer"), http.StatusConflict, "来るかたを決められません")
}
