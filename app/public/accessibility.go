package public

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/gin-gonic/gin"

	"madoguchi/app/jp"
	"madoguchi/store"
)

// tested is what the test of every page has written about itself, with each
// success criterion of JIS X 8341-3:2016 up to level AA and how it was checked.
type tested struct {
	On        jp.Date
	Pages     int
	Languages int
	Axe       string
	Criteria  []criterion
}

type criterion struct {
	Number, Name, Level string
	// Result is passed, failed, none (the site has nothing of the kind) or person
	// (no program can tell).
	Result string
	How    string // in Japanese
}

// results are the results that a criterion can have.
func results() []string { return []string{"passed", "failed", "none", "person"} }

func loadTested(files fs.FS) (tested, error) {
	var all tested
	text, err := fs.ReadFile(files, "templates/accessibility.json")
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return all, fmt.Errorf("read the results of the accessibility test: %w", err)
	}
	return all, nil
}

// accessibilityPage is the statement of accessibility, with what the tests found
// (アクセシビリティ方針と試験結果).
type accessibilityPage struct {
	frame
	On, Axe          string
	Pages, Languages int
	Rows             []criterionRow
}

type criterionRow struct {
	criterion
	Says string // the result in words
}

func (s *Site) accessibility(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	page := accessibilityPage{frame: s.frame(c, v, "a11y.title"), Axe: s.tested.Axe, Pages: s.tested.Pages, Languages: s.tested.Languages}
	page.On = page.when.fullDay(s.tested.On)
	for _, row := range s.tested.Criteria {
		page.Rows = append(page.Rows, criterionRow{row, page.T("a11y.result." + row.Result)})
	}
	return reply{template: "public/accessibility.html", page: page}, nil
}
