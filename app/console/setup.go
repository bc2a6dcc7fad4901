package console

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// setupRoutes are the addresses of set-up (受付の設定).
func (d *Desk) setupRoutes() []guarded {
	return slices.Concat(
		[]guarded{d.need(staff.MaySetUpCounter, web.GET("/setup", d.setup))},
		d.venueRoutes(),
		d.serviceRoutes(),
		d.reasonRoutes(),
		d.hoursRoutes(),
		d.closedRoutes(),
		d.slotDayRoutes(),
		d.stopRoutes(),
		d.staffVenueRoutes(),
		d.bookingSettingRoutes(),
		d.lookRoutes(),
	)
}

// setupPage leads to the parts of set-up.
type setupPage struct {
	page
	Tiles []tile
	// Todo is what is missing before anybody can book.
	Todo []link
}

type tile struct{ Path, Label, Text string }

func (d *Desk) setup(c *gin.Context) error {
	p := setupPage{Tiles: []tile{
		{"/setup/venues", "受付場所・窓口", "場所の名前・住所・地図、窓口と取り扱う業務"},
		{"/setup/hours", "受付時間", "場所と業務ごとの曜日・時間帯・枠数"},
		{"/setup/closed", "閉庁日・臨時の受付", "祝日・年末年始・町独自の閉庁日、休日や夜間の臨時受付"},
		{"/setup/plan", "予約枠の作成", "受付時間のとおりに、まとめて枠を作る・直す"},
		{"/setup/days", "1日ごとの枠", "1つの枠や1日を、開ける・閉める・増やす・減らす"},
		{"/setup/stops", "受付の停止", "J-LISの停止や荒天のとき、まとめて受付を止める"},
	}}
	if everywhere(c) == nil {
		p.Tiles = append(p.Tiles,
			tile{"/setup/services", "業務", "所要時間・持ち物・お知らせ・手数料、予約の受付期間と締切"},
			tile{"/setup/proxy-reasons", "代理人の理由", "代理人だけで受け取れる理由と、確かめる書類"},
			tile{"/setup/settings", "予約の設定", "何日先まで予約できるか、仮押さえ・遅刻の扱いなど"},
			tile{"/setup/postal", "住所の読み方", "市区町村が書かれていない住所を、どこの住所とするか"},
			tile{"/setup/look", "ロゴと色", "画面の上に出すロゴ、ボタンや線の色"},
		)
		if may(c, staff.MayManageStaff) {
			p.Tiles = append(p.Tiles, tile{"/setup/staff", "担当者の受付場所", "担当者が扱う受付場所を限る"})
		}
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := ourVenues(tx, c)
		if err != nil {
			return err
		}
		services, err := booking.Services(tx)
		if err != nil {
			return err
		}
		switch {
		case len(venues) == 0:
			p.Todo = append(p.Todo, link{Path: "/setup/venues/new", Label: "受付場所を登録する"})
		case len(services) == 0:
			p.Todo = append(p.Todo, link{Path: "/setup/services/new", Label: "業務を登録する"})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup", "受付の設定", &p)
}

// toSetup is where a reload after a form of set-up leads.
func toSetup(path string) web.Handler {
	return func(c *gin.Context) error { return web.To(c, path) }
}

// chosenService finds a service in a list by the Ref of a query or form.
func chosenService(services []booking.Service, ref string) (booking.Service, bool) {
	i := slices.IndexFunc(services, func(s booking.Service) bool { return string(s.Ref) == ref })
	if i < 0 {
		return booking.Service{}, false
	}
	return services[i], true
}

func venueOptions(venues []booking.Venue) []option {
	var all []option
	for _, v := range venues {
		all = append(all, option{Value: string(v.Ref), Label: v.Name})
	}
	return all
}

func serviceOptions(services []booking.Service) []option {
	var all []option
	for _, s := range services {
		all = append(all, option{Value: string(s.Ref), Label: s.Name})
	}
	return all
}
