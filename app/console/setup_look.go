package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) lookRoutes() []guarded {
	return []guarded{
		d.need(staff.MaySetUpCounter, web.GET("/setup/look", d.askLook)),
		d.need(staff.MaySetUpCounter, web.POST("/setup/look", d.saveLook).Limit(settings.LogoBytes+64<<10)),
	}
}

// lookFileRoute serves what the pages before sign-in show too.
func (d *Desk) lookFileRoute() web.Route { return web.GET("/look/:file", d.lookFile) }

// The colours of console.css that the town's takes the place of: headings, the
// menu and frames; buttons and links; and these under the mouse.
const (
	consoleColour = "#16325c"
	buttonColour  = "#0b3fa8"
	hoverColour   = "#07286b"
)

// presets are colours to choose from (色); the first is the usual one.
var presets = []option{
	{Value: "usual", Label: "青（はじめの色）", Colour: "#0017c1"},
	{Value: "#16325c", Label: "紺", Colour: "#16325c"},
	{Value: "#00572d", Label: "緑", Colour: "#00572d"},
	{Value: "#8a1538", Label: "えんじ", Colour: "#8a1538"},
	{Value: "#5b2a86", Label: "紫", Colour: "#5b2a86"},
	{Value: "#6b3e14", Label: "茶", Colour: "#6b3e14"},
}

const ownColour = "own" // the colour is typed

// dress puts the town's colour and logo on a page, where it wants them here too.
func (d *Desk) dress(p *page, town settings.Settings) {
	if town.Look != settings.LookBoth {
		return
	}
	if sheet, err := d.sheetOf(town); err == nil && sheet != nil {
		p.Sheet = sheet.Address
	}
	if town.Logo.Hash != "" {
		p.Logo = logoOf(town)
	}
}

func logoOf(town settings.Settings) *picture {
	w, h := town.Logo.Shown()
	return &picture{Path: "/look/" + town.Logo.Hash + ".png", Text: "いまのロゴ", Width: w, Height: h}
}

// sheetOf is the style sheet in the town's colour, a little darker, because the
// console writes on tinted grounds; nil for the usual one.
func (d *Desk) sheetOf(town settings.Settings) (*web.Recoloured, error) {
	if town.Colour == "" || town.Look != settings.LookBoth {
		return nil, nil
	}
	dark := settings.Darker(town.Colour)
	return d.site.Recolour("console.css", consoleColour, dark, buttonColour, dark, hoverColour, settings.Darker(dark))
}

func (d *Desk) lookFile(c *gin.Context) error {
	var town settings.Settings
	var logo settings.Logo
	hash, isLogo := strings.CutSuffix(c.Param("file"), ".png")
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if isLogo {
			logo, err = settings.LogoByHash(tx, hash)
			return err
		}
		town, err = settings.Get(tx)
		return err
	})
	if err != nil {
		return err
	}
	if isLogo {
		return web.Picture(c, "image/png", logo.Body)
	}
	sheet, err := d.sheetOf(town)
	switch {
	case err != nil:
		return err
	case sheet == nil:
		return settings.LogoNotFound
	}
	return d.site.SendRecoloured(c, sheet)
}

func readLook(c *gin.Context) *web.Form {
	return web.ReadForm(c, "colour", "own_colour", "look", "logo", "remove", "was")
}

func (d *Desk) askLook(c *gin.Context) error { return d.showLook(c, http.StatusOK, readLook(c), false) }

// lookNow is all that the page changes, to notice who changed it in between.
func lookNow(town settings.Settings) string {
	return strings.Join([]string{town.Colour, town.Look, town.Logo.Hash}, " ")
}

func (d *Desk) showLook(c *gin.Context, status int, form *web.Form, stale bool) error {
	if err := everywhere(c); err != nil {
		return err
	}
	var town settings.Settings
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		town, err = settings.Get(tx)
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: "ロゴと色", Action: "/setup/look", Upload: true, Stale: stale, Back: link{Path: "/setup", Label: "受付の設定に戻る"},
		Lead: []string{"画面の上に出すロゴと、見出し・ボタン・リンク・線の色です。職員用画面では、少し濃い色にします。取消や削除の赤いボタンは変わりません。だれがいつ変えたかは「予約の設定」の履歴に出ます。保存すると、すぐに変わります。暗い画面や、端末の決めた色を使っている人には、見やすい決まった色で表示します。"}}
	now, logo := "ロゴなし", []question{}
	if town.Logo.Hash != "" {
		now, logo = "ロゴあり", []question{{name: "remove", label: "ロゴの取り除き", kind: "checks", options: box("いまのロゴを使うのをやめる")}}
		p.Pictures = []picture{*logoOf(town)}
	}
	colour, typed := "usual", ""
	switch {
	case slices.ContainsFunc(presets, func(o option) bool { return o.Value == town.Colour }):
		colour = town.Colour
	case town.Colour != "":
		colour, typed = ownColour, town.Colour
	}
	own := option{Value: ownColour, Label: "ほかの色（下の欄に入れる）"}
	p.ask(c, form, question{name: "logo", label: "ロゴの画像", hint: "PNGかJPEG、1MBまで。高さ48ピクセルに縮めて表示します。選ぶと、いまのロゴと入れ替わります。", kind: "file", now: []string{now}})
	p.ask(c, form, logo...)
	p.ask(c, form,
		question{name: "colour", label: "色", kind: "radios", options: append(slices.Clone(presets), own), now: []string{colour}},
		question{name: "own_colour", label: "ほかの色", hint: "「#」と6桁の英数字。例：#00572d。白い文字が読める濃さの色だけを使えます。", class: "code short", now: []string{typed}},
		question{name: "look", label: "使う場所", kind: "radios", now: []string{town.Look},
			options: []option{{Value: settings.LookBoth, Label: "住民サイトと職員用画面"}, {Value: settings.LookResident, Label: "住民サイトだけ"}}})
	was := lookNow(town)
	if status == http.StatusUnprocessableEntity {
		was = form.Raw("was")
	}
	p.hide("was", was)
	return d.showForm(c, status, form, &p, 0)
}

// colourOf is the colour that the form asks for, as the setting keeps it.
func colourOf(form *web.Form) string {
	switch chosen := form.Value("colour"); chosen {
	case "usual":
		return ""
	case ownColour:
		typed := strings.ToLower(jp.Narrow(form.Value("own_colour")))
		return "#" + strings.TrimPrefix(typed, "#")
	default:
		return chosen
	}
}

func (d *Desk) saveLook(c *gin.Context) error {
	form := readLook(c)
	files, err := web.ReadFiles(c, "logo")
	if err != nil {
		return err
	}
	err = d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		if err := everywhere(c); err != nil {
			return "", err
		}
		town, err := settings.Get(tx)
		if err != nil {
			return "", err
		}
		if form.Raw("was") != lookNow(town) {
			return "", booking.SetupStale
		}
		return "/setup/look", setLook(tx, c, form, town, files)
	})
	return refused(c, err, form, d.showLook)
}

// setLook writes what differs from what is kept.
func setLook(tx *store.Tx, c *gin.Context, form *web.Form, town settings.Settings, files []web.File) error {
	if colour := colourOf(form); colour != town.Colour {
		err := settings.Set(tx, actor(c), "look.colour", colour)
		if p, ok := problem.As(err); ok {
			return p.On("own_colour")
		} else if err != nil {
			return fmt.Errorf("set colour: %w", err)
		}
	}
	if where := form.Value("look"); where != town.Look {
		err := settings.Set(tx, actor(c), "look.where", where)
		if p, ok := problem.As(err); ok {
			return p.On("look")
		} else if err != nil {
			return fmt.Errorf("set where the look is seen: %w", err)
		}
	}
	switch {
	case len(files) > 0 && len(files[0].Body) > 0:
		return settings.SetLogo(tx, actor(c), files[0].Body)
	case form.Value("remove") != "" && town.Logo.Hash != "":
		return settings.SetLogo(tx, actor(c), nil)
	}
	return nil
}
