package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

// funcs are what templates may call besides the methods of their page.
func (s *Site) funcs(more template.FuncMap) template.FuncMap {
	all := template.FuncMap{
		"asset": s.asset,
		"join":  func(sep string, items []string) string { return strings.Join(items, sep) },
		"inc":   func(n int) int { return n + 1 },
	}
	maps.Copy(all, more)
	return all
}

func (s *Site) asset(name string) (string, error) { return s.assets.path(name) }

// loadViews parses one set for each page of the site: the layout, the parts,
// the page. The layout defines "layout", the page "main".
func loadViews(files fs.FS, site string, funcs template.FuncMap) (map[string]*template.Template, error) {
	common, err := template.New(site).Funcs(funcs).ParseFS(files, "templates/layout/"+site+".html")
	if err != nil {
		return nil, err
	}
	if common.Lookup("layout") == nil {
		return nil, fmt.Errorf("templates/layout/%s.html does not define layout", site)
	}
	parts, err := fs.Glob(files, "templates/parts/*.html")
	if err != nil {
		return nil, err
	}
	if len(parts) > 0 {
		if common, err = common.ParseFS(files, parts...); err != nil {
			return nil, err
		}
	}
	pages, err := fs.Glob(files, "templates/"+site+"/*.html")
	if err != nil {
		return nil, err
	}
	views := map[string]*template.Template{}
	for _, page := range pages {
		view, err := loadView(common, files, page)
		if err != nil {
			return nil, err
		}
		views[path.Join(site, path.Base(page))] = view
	}
	return views, nil
}

func loadView(common *template.Template, files fs.FS, page string) (*template.Template, error) {
	view, err := common.Clone()
	if err != nil {
		return nil, err
	}
	if view, err = view.ParseFS(files, page); err != nil {
		return nil, err
	}
	if view.Lookup("main") == nil {
		return nil, fmt.Errorf("%s does not define main", page)
	}
	return view, nil
}

// View is the template set of a page such as "public/sign_in.html", for tests
// that check templates against their page structs; nil when there is none.
func (s *Site) View(name string) *template.Template { return s.views[name] }

// Show answers with a page. The whole page is made before any of it is sent.
func (s *Site) Show(c *gin.Context, status int, name string, page any) error {
	body, err := s.render(name, page)
	if err != nil {
		return err
	}
	body = s.withReadings(requestOf(c).language, body)
	c.Header("Content-Type", "text/html; charset=utf-8")
	if preload := s.preloadOf(page); preload != "" {
		c.Header("Link", preload)
	}
	c.Status(status)
	_, err = c.Writer.Write(body)
	return err
}

// withReadings is the page with furigana, in the language that has them.
func (s *Site) withReadings(l Language, body []byte) []byte {
	if !l.Furigana || s.furigana == nil {
		return body
	}
	return s.furigana.page(body)
}

func (s *Site) render(name string, page any) ([]byte, error) {
	view, ok := s.views[name]
	if !ok {
		return nil, fmt.Errorf("no page %s", name)
	}
	var body bytes.Buffer
	if err := view.ExecuteTemplate(&body, "layout", page); err != nil {
		return nil, fmt.Errorf("make page %s: %w", name, err)
	}
	return showPrivate(body.Bytes()), nil
}

// Picture answers with a picture whose address changes with what is in it, so
// that a browser may keep it.
func Picture(c *gin.Context, contentType string, body []byte) error {
	c.Header("Content-Type", contentType)
	c.Header("Cache-Control", "private, max-age=31536000, immutable")
	c.Status(http.StatusOK)
	_, err := c.Writer.Write(body)
	return err
}

// Send answers with a file to keep. name may be Japanese; ascii is what
// browsers get that cannot read it (RFC 6266).
func Send(c *gin.Context, contentType, ascii, name string, body []byte) error {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": ascii})
	if name != ascii {
		disposition += "; filename*=UTF-8''" + escapeName(name)
	}
	c.Header("Content-Type", contentType)
	c.Header("Content-Disposition", disposition)
	c.Status(http.StatusOK)
	_, err := c.Writer.Write(body)
	return err
}

// escapeName encodes everything but letters and digits and a few marks, as
// ext-value in RFC 8187 wants it.
func escapeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
