package console

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/postal"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// patience is how much of a file that is far too large is read and thrown
// away, so that the browser shows why it was refused.
const patience = 512 << 20

func (d *Desk) postalRoutes() []guarded {
	return []guarded{
		d.need(staff.MayTakeLists, web.GET("/postal", d.postalDictionary)),
		d.need(staff.MayTakeLists, web.GET("/postal/file", func(c *gin.Context) error { return web.To(c, "/postal") })),
		d.need(staff.MayTakeLists, web.POST("/postal/file", d.offerPostal).Upload(intake.PostalFileBytes+1<<20, patience, intake.PostalTooLarge)),
		d.need(staff.MayTakeLists, web.GET("/postal/:ref", d.askPostal)),
		d.need(staff.MayTakeLists, web.POST("/postal/:ref/take", d.takePostal)),
		d.need(staff.MayTakeLists, web.POST("/postal/:ref/drop", d.dropPostal)),
	}
}

// postalPage is the postal dictionary: what is in use, a new file, look-up.
type postalPage struct {
	page
	File    web.Field
	InUse   []postalFileLine
	Offered []postalFileLine
	Past    []postalFileLine
	Seed    bool // nothing but the built-in list is in use
	Query   web.Field
	Help    addressHelp
	Home    string // whose addresses those are that name no municipality
	// MaySetHome: the visitor may change that.
	MaySetHome bool
}

// postalFileLine is one file of Japan Post as a list shows it.
type postalFileLine struct {
	Path, Kind, Name, Edition, Rows, At, What string
}

func postalLineOf(f intake.PostalFile) (postalFileLine, error) {
	line := postalFileLine{
		Path: "/postal/" + string(f.Ref), Kind: f.KindLabel(), Name: f.Name, Rows: thousands(f.RowCount), At: instant(f.OfferedAt),
		Edition: "日付なし",
	}
	if !f.DatedOn.IsZero() {
		line.Edition = f.DatedOn.Era() + "版"
	}
	if !f.TakenAt.IsZero() {
		line.At = instant(f.TakenAt)
	}
	c, err := f.ReadReport()
	line.What = fmt.Sprintf("増えた %s・減った %s・変わった %s", thousands(c.Added), thousands(c.Removed), thousands(c.Changed))
	return line, err
}

// thousands writes 124511 as 124,511.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (d *Desk) postalDictionary(c *gin.Context) error {
	return d.showPostal(c, http.StatusOK, web.ReadForm(c, "file", "q"))
}

func (d *Desk) showPostal(c *gin.Context, status int, form *web.Form) error {
	p := postalPage{File: *form.Field("file"), Query: *form.Field("q"), Seed: true, MaySetHome: may(c, staff.MaySetUpCounter) && everywhere(c) == nil}
	err := d.store.Read(c, func(tx *store.Tx) error {
		files, err := intake.PostalFiles(tx)
		if err != nil {
			return err
		}
		for _, f := range files {
			line, err := postalLineOf(f)
			if err != nil {
				return err
			}
			switch f.State {
			case "offered":
				p.Offered = append(p.Offered, line)
			case "current":
				p.InUse = append(p.InUse, line)
				p.Seed = p.Seed && f.Family != "towns"
			default:
				p.Past = append(p.Past, line)
			}
		}
		if p.Home, err = d.homeTown(tx); err != nil {
			return err
		}
		if query := form.Value("q"); query != "" {
			return p.Help.look(d, tx, query)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "postal", "郵便番号の辞書", &p)
}

// homeTown is the municipality of addresses that name none.
func (d *Desk) homeTown(tx *store.Tx) (string, error) {
	dict, err := d.postal.Now(tx)
	if err != nil {
		return "", err
	}
	home, err := intake.HomeTown(tx, dict)
	return home.Prefecture + home.County + home.Municipality, err
}

// look answers the one box: a code gives places, anything else is an address.
func (h *addressHelp) look(d *Desk, tx *store.Tx, query string) error {
	if _, err := jp.ParsePostalCode(query); err == nil {
		return h.findPlaces(d, tx, query)
	}
	return h.findCodes(d, tx, query)
}

// offerPostal reads a file and keeps it for a person to look at.
func (d *Desk) offerPostal(c *gin.Context) error {
	form := web.ReadForm(c, "file", "q")
	files, err := web.ReadFiles(c, "file")
	if err != nil {
		return err
	}
	if len(files) == 0 || len(files[0].Body) == 0 {
		form.Fail("file", "file_missing")
		return d.showPostal(c, http.StatusUnprocessableEntity, form)
	}
	prepared, err := d.postal.Prepare(c, files[0].Name, files[0].Body)
	if err == nil {
		err = d.write(c, "", func(tx *store.Tx) (string, error) {
			ref, err := intake.OfferPostalFile(tx, actor(c), prepared)
			return "/postal/" + string(ref), err
		})
	}
	if p, ok := problem.As(err); ok && p.Fields["file"] != "" {
		form.Apply(p)
		return d.showPostal(c, http.StatusUnprocessableEntity, form)
	}
	return err
}

// postalOfferPage shows what a file would change before it is taken.
type postalOfferPage struct {
	page
	File  postalFileLine
	Lines string
	intake.Changes
	Own    []intake.Change
	Others []intake.Change
	More   int // changes that are counted and not listed
}

func (d *Desk) askPostal(c *gin.Context) error {
	var p postalOfferPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		f, err := intake.PostalOffer(tx, refOf(c))
		if err != nil {
			return err
		}
		p.Lines = thousands(f.LineCount)
		if p.File, err = postalLineOf(f); err != nil {
			return err
		}
		p.Changes, err = f.ReadReport()
		return err
	})
	if err != nil {
		return err
	}
	for _, change := range p.List {
		change.Old, change.New = hyphenated(change.Old), hyphenated(change.New)
		if change.Own {
			p.Own = append(p.Own, change)
		} else {
			p.Others = append(p.Others, change)
		}
	}
	if !p.First {
		p.More = p.Added + p.Removed + p.Changed - len(p.List)
	}
	return d.show(c, http.StatusOK, "postal_offer", "郵便番号の辞書を入れ替える", &p)
}

// hyphenated writes codes as people do; "なし" for none.
func hyphenated(codes string) string {
	var out []string
	for _, code := range strings.Fields(codes) {
		out = append(out, jp.PostalCode(code).String())
	}
	return orNone(strings.Join(out, "・"))
}

func (d *Desk) takePostal(c *gin.Context) error {
	err := d.write(c, "postal_file_taken", func(tx *store.Tx) (string, error) {
		return "/postal", intake.TakePostalFile(tx, actor(c), refOf(c))
	})
	if err != nil {
		return err
	}
	_, err = d.postal.Latest(c)
	return err
}

func (d *Desk) dropPostal(c *gin.Context) error {
	return d.write(c, "postal_file_dropped", func(tx *store.Tx) (string, error) {
		return "/postal", intake.DropPostalFile(tx, actor(c), refOf(c))
	})
}

// addressHelp is what the dictionary says beside an address form.
type addressHelp struct {
	Says   string
	Codes  []codeChoice
	Places []placeChoice
}

// codeChoice is a postal code that an address may have.
type codeChoice struct{ Code, Shown, Place, Why string }

// placeChoice is a place that a postal code stands for.
type placeChoice struct{ Address, Office string }

// Any tells that there is something to show.
func (h addressHelp) Any() bool { return h.Says != "" }

var whyLabels = map[postal.Why]string{
	postal.WhyTown: "町名が合う", postal.WhyQualifier: "小字・番地が合う", postal.WhyOther: "ほかの小字にあたらない", postal.WhyWhole: "この市区町村は1つだけ",
	postal.WhyBlock: "番地が合う", postal.WhyBuilding: "建物・階が合う", postal.WhyStreet: "通り名のあとの町名が合う", postal.WhyLoose: "書き方が少し違う",
	postal.WhyWithin: "住所の途中に町名がある", postal.WhySimilar: "似た町名", postal.WhyArea: "この市区町村の町名", postal.WhySibling: "同じ町名の別の番号", postal.WhyMunicipality: "町名が分からないときの番号",
}

// findCodes looks an address up. Only what the dictionary is sure of comes
// back as sure.
func (h *addressHelp) findCodes(d *Desk, tx *store.Tx, address string) error {
	dict, err := d.postal.Now(tx)
	if err != nil {
		return err
	}
	home, err := intake.HomeTown(tx, dict)
	if err != nil {
		return err
	}
	answer := dict.Lookup(address, home)
	h.Says = map[postal.Tier]string{
		postal.Sure:       "郵便番号が1つに決まりました。",
		postal.Candidates: "郵便番号が1つに決まりません。候補から選んでください。",
		postal.None:       "この住所の郵便番号は見つかりません。町名の書き方を確かめてください。",
	}[answer.Tier]
	h.addCodes(answer.Candidates)
	return nil
}

func (h *addressHelp) addCodes(all []postal.Candidate) {
	for _, x := range all {
		h.Codes = append(h.Codes, codeChoice{
			Code: x.Code, Shown: jp.PostalCode(x.Code).String(), Place: x.Prefecture + x.Municipality + x.Town, Why: whyLabels[x.Why],
		})
	}
}

func (h *addressHelp) findPlaces(d *Desk, tx *store.Tx, code string) error {
	dict, err := d.postal.Now(tx)
	if err != nil {
		return err
	}
	for _, t := range dict.Towns(code) {
		town, _, _ := strings.Cut(t.Town, "（")
		if strings.HasPrefix(t.Town, "以下に掲載がない") {
			town = ""
		}
		h.Places = append(h.Places, placeChoice{Address: t.Prefecture + t.Municipality + town, Office: t.Office})
	}
	h.Says = "この郵便番号の住所です。"
	if len(h.Places) == 0 {
		h.Says = "この郵便番号は、いまの辞書にありません。"
	}
	return nil
}

// asksForAddress tells that a look-up button of an address form was pressed.
func asksForAddress(c *gin.Context) bool {
	return c.PostForm("look_up") != "" || c.PostForm("take_code") != "" || c.PostForm("take_address") != ""
}

// helpWithAddress answers the look-up buttons of an address form: it fills in
// the form what is beyond doubt, offers the rest, and saves nothing. ok is
// false when another button was pressed. The form has the fields postal_code
// and address.
func (d *Desk) helpWithAddress(c *gin.Context, form *web.Form) (h addressHelp, ok bool, err error) {
	switch do := c.PostForm("look_up"); {
	case c.PostForm("take_code") != "":
		form.Set("postal_code", jp.PostalCode(jp.Digits(c.PostForm("take_code"))).String())
		return addressHelp{Says: "郵便番号を入れました。まだ保存していません。"}, true, nil
	case c.PostForm("take_address") != "":
		form.Set("address", strings.TrimSpace(c.PostForm("take_address")))
		return addressHelp{Says: "住所を入れました。続きを書いて保存してください。"}, true, nil
	case do == "code" && form.Value("address") == "":
		return addressHelp{Says: "先に住所を入力してください。"}, true, nil
	case do == "address" && form.Value("postal_code") == "":
		return addressHelp{Says: "先に郵便番号を入力してください。"}, true, nil
	case do == "code":
		err = d.store.Read(c, func(tx *store.Tx) error { return h.findCodes(d, tx, form.Value("address")) })
		if len(h.Codes) > 0 && strings.HasPrefix(h.Says, "郵便番号が1つに決まりました") {
			form.Set("postal_code", h.Codes[0].Shown)
			h = addressHelp{Says: "郵便番号を入れました（" + h.Codes[0].Place + "）。まだ保存していません。"}
		}
		return h, true, err
	case do == "address":
		err = d.store.Read(c, func(tx *store.Tx) error { return h.findPlaces(d, tx, form.Value("postal_code")) })
		if len(h.Places) == 1 && form.Value("address") == "" {
			form.Set("address", h.Places[0].Address)
			h = addressHelp{Says: "住所を入れました。続きを書いて保存してください。"}
		}
		return h, true, err
	}
	return h, false, nil
}
