package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// shownRereads is how many cards are listed whose code says something else now.
const shownRereads = 200

// profilesPage lists the versions of how codes are read (読取り形式).
type profilesPage struct {
	page
	Rows []profileLine
}

type profileLine struct {
	Path, Name, Made, Used string
	Active                 bool
}

func profileLineOf(s intake.Saved) profileLine {
	line := profileLine{Path: "/profiles/" + string(s.Ref), Name: fmt.Sprintf("%s　第%d版", s.Name, s.Version), Made: instant(s.MadeAt), Active: s.Active}
	if s.MadeBy != "" {
		line.Made += "　" + s.MadeBy
	}
	line.Used = orNone(instant(s.SwitchedOnAt))
	return line
}

func (d *Desk) profiles(c *gin.Context) error {
	var p profilesPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := intake.Profiles(tx)
		for _, s := range all {
			p.Rows = append(p.Rows, profileLineOf(s))
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "profiles", "読取り形式", &p)
}

// profilePage is one version: its layout, and what it would change.
type profilePage struct {
	page
	profileLine
	EditPath string
	Layout   []fact
	Trial    intake.Trial
	Rows     []trialRow
	More     int
}

type trialRow struct {
	Person  person
	Changes []changeRow
	Why     string
	Lost    bool
}

func (d *Desk) profile(c *gin.Context) error {
	return d.showSavedProfile(c, http.StatusOK, web.ReadForm(c, "stamp"))
}

func (d *Desk) showSavedProfile(c *gin.Context, status int, form *web.Form) error {
	var p profilePage
	err := d.store.Read(c, func(tx *store.Tx) error {
		saved, err := intake.ProfileByRef(tx, refOf(c))
		if err != nil {
			return err
		}
		p.profileLine, p.EditPath = profileLineOf(saved), "/profiles/edit?from="+string(saved.Ref)
		layout, err := saved.Profile()
		if err != nil {
			return err
		}
		if p.Layout, err = layoutOf(tx, layout); err != nil || saved.Active {
			return err
		}
		if p.Trial, err = intake.Try(tx, layout); err != nil {
			return err
		}
		p.More = p.Trial.Differ + p.Trial.Lost + p.Trial.Gained - len(p.Trial.Rows)
		return p.rows(d, c, tx)
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "profile", p.Name, &p)
}

func (p *profilePage) rows(d *Desk, c *gin.Context, tx *store.Tx) error {
	for _, row := range p.Trial.Rows {
		r, err := card.Get(tx, row.Card)
		if err != nil {
			return err
		}
		out := trialRow{Person: personOf(r), Lost: row.Lost}
		if row.Why != nil {
			out.Why = d.sentence(c, row.Why)
		}
		if out.Changes, err = changeRows(tx, row.Changes); err != nil {
			return err
		}
		p.Rows = append(p.Rows, out)
	}
	return nil
}

var splits = map[intake.Split]string{intake.BySeparator: "区切り文字", intake.ByWidth: "けた数", intake.ByKey: "項目名=値", intake.ByPattern: "正規表現"}

// layoutOf writes a profile for people.
func layoutOf(tx *store.Tx, p intake.Profile) ([]fact, error) {
	facts := []fact{{"分けかた", splits[p.Split]}}
	switch p.Split {
	case intake.BySeparator, intake.ByKey:
		facts = append(facts, fact{"区切り文字", strings.ReplaceAll(p.Separator, "\t", "タブ")})
	case intake.ByPattern:
		facts = append(facts, fact{"正規表現", p.Pattern})
	}
	facts = append(facts, fact{"文字コード", p.Charset})
	if p.Parts != "" {
		facts = append(facts, fact{"分かれるときの先頭", p.Parts})
	}
	for _, f := range p.Fields {
		where := fmt.Sprintf("%d番目", f.At)
		switch p.Split {
		case intake.ByWidth:
			where = fmt.Sprintf("%dけた目から%dけた", f.At, f.Length)
		case intake.ByKey:
			where = f.Key
		}
		facts = append(facts, fact{f.As.Label(), where})
	}
	kinds, err := card.AllKinds(tx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		var codes []string
		for code, of := range p.IssueKinds {
			if of == k.Code {
				codes = append(codes, code)
			}
		}
		if slices.Sort(codes); len(codes) > 0 {
			facts = append(facts, fact{"区分 " + k.Name, strings.Join(codes, "、")})
		}
	}
	return facts, nil
}

// switchProfile makes a version the one in use.
func (d *Desk) switchProfile(c *gin.Context) error {
	form := web.ReadForm(c, "stamp")
	err := d.write(c, "profile_switched", func(tx *store.Tx) (string, error) {
		return "/reread", intake.SwitchOn(tx, actor(c), refOf(c), form.Value("stamp"))
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form.Apply(p)
		return d.showSavedProfile(c, http.StatusConflict, form)
	}
	return err
}

// rereadPage lists the cards whose code, by the profile in use, says something
// else than their record (再読込).
type rereadPage struct {
	page
	Profile string
	Rows    []rereadRow
	More    bool
}

type rereadRow struct {
	Person    person
	ID, Value string
	Changes   []changeRow
	ByHand    bool
}

func (d *Desk) reread(c *gin.Context) error {
	return d.showReread(c, http.StatusOK, web.ReadForm(c, "card"))
}

func (d *Desk) showReread(c *gin.Context, status int, form *web.Form) error {
	var p rereadPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		inUse, err := intake.InUse(tx)
		if err != nil {
			return err
		}
		p.Profile = profileLineOf(inUse).Name
		all, more, err := intake.Rereadings(tx, shownRereads)
		if err != nil {
			return err
		}
		p.More = more
		for i, r := range all {
			row := rereadRow{Person: personOf(r.Record), ID: fmt.Sprintf("f-card-%d", i), Value: string(r.Record.Ref) + "." + versionsText(r.Record), ByHand: r.ByHand}
			if row.Changes, err = changeRows(tx, r.Changes); err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "reread", "登録済みのQRコードを読み直す", &p)
}

// applyReread writes what the chosen codes say into their records.
func (d *Desk) applyReread(c *gin.Context) error {
	form := web.ReadForm(c, "card")
	chosen := form.Values("card")
	if len(chosen) == 0 {
		form.Fail("card", "nothing_chosen")
		return d.showReread(c, http.StatusUnprocessableEntity, form)
	}
	err := d.write(c, "reread_applied", func(tx *store.Tx) (string, error) {
		for _, v := range chosen {
			ref, versions, _ := strings.Cut(v, ".")
			if err := intake.ApplyReread(tx, actor(c), store.Ref(ref), parseVersions(versions)); err != nil {
				return "", err
			}
		}
		return "/reread", nil
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Conflict {
		form.Apply(p)
		return d.showReread(c, http.StatusConflict, form)
	}
	return err
}
