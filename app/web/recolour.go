package web

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
)

// Recoloured is a style sheet of the assets with other colours in place of its
// own. It is one file, so that a page waits for one sheet only.
type Recoloured struct {
	// Address holds the hash of what is in it, so that browsers may keep it.
	Address string

	of   string // sheet and colours
	file asset
}

// Recolour makes a style sheet of the asset name; pairs are colours as the sheet
// writes them, each followed by the one in its place. The last one made is kept.
func (s *Site) Recolour(name string, pairs ...string) (*Recoloured, error) {
	of := name + " " + strings.Join(pairs, " ")
	if r := s.recoloured.Load(); r != nil && r.of == of {
		return r, nil
	}
	sheet, ok := s.assets.files[name]
	if !ok {
		return nil, fmt.Errorf("no asset %q", name)
	}
	file, err := newAsset(name, []byte(strings.NewReplacer(pairs...).Replace(string(sheet.plain))))
	if err != nil {
		return nil, err
	}
	r := &Recoloured{Address: "/look/" + file.etag + ".css", of: of, file: file}
	s.recoloured.Store(r)
	return r, nil
}

// SendRecoloured answers with the sheet that is in use. A page from before a
// change gets it too, but may not keep it.
func (s *Site) SendRecoloured(c *gin.Context, r *Recoloured) error {
	return r.file.send(c, c.Request.URL.Path == r.Address)
}

// styled is a page that may have another style sheet than the site's own.
type styled interface{ StyleSheet() string }

// preloadOf is the Link header that lets a browser ask for the style sheet before
// it has read the page; "" for none.
func (s *Site) preloadOf(page any) string {
	at := s.preload
	if p, ok := page.(styled); ok && at != "" && p.StyleSheet() != "" {
		at = p.StyleSheet()
	}
	if at == "" {
		return ""
	}
	return "<" + at + ">; rel=preload; as=style"
}
