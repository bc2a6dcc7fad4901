package restore

import (
	"fmt"
	"time"

	"madoguchi/store"
)

// japan is town hall time; Japan has no summer time.
var japan = time.FixedZone("JST", 9*60*60)

func clock(t time.Time) string { return t.In(japan).Format("2006年1月2日 15時04分05秒") }

func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d バイト", bytes)
	case bytes < 1000*1000:
		return fmt.Sprintf("%.1f KB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// words says the plan; present tells whether there is a database at the path.
func (p Plan) words(present bool) []string {
	o := p.options
	lines := []string{fmt.Sprintf("%s の複製から復旧します。", o.Target)}
	if o.At.IsZero() {
		lines = append(lines, "復旧時点は、いちばん新しい複製です。")
	} else {
		lines = append(lines, fmt.Sprintf("復旧時点は %s です。", clock(o.At)))
	}
	lines = append(lines,
		fmt.Sprintf("使う複製は %s のものです。これより後の変更は戻りません。", clock(p.Newest)),
		fmt.Sprintf("複製のファイル %d 個（%s）を取り出します。", p.Files, size(p.Bytes)),
		"取り出したものを別の場所で検査し、合格してから入れ替えます。合格しないときは何も変えません。",
	)
	if present {
		return append(lines, fmt.Sprintf("いまのデータベースは消さずに %s へ移します。", p.Aside))
	}
	return append(lines, fmt.Sprintf("%s にはいまデータベースがありません。新しく置きます。", o.Path))
}

func copyWords(c store.Commit) string {
	if c.At.IsZero() {
		return "戻したデータベースには、まだ書き込みがありません。"
	}
	return fmt.Sprintf("戻したデータベースの最後の書き込みは %s（%d 回目）です。", clock(c.At), c.Sequence)
}
