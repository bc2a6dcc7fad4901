// Package book serves the pages that the page tests hold, for those who look at
// every page in every state: the screenshot book and the accessibility tests.
package book

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Page is a page in one state.
type Page struct{ Site, Language, State string }

// Address is where Handler serves it.
func (p Page) Address() string { return "/" + path.Join(p.Site, p.Language, p.State) + ".html" }

// Pages finds every page that the tests hold below the project's top folder.
func Pages(root string) ([]Page, error) {
	var all []Page
	for _, at := range []struct{ pattern, site string }{
		{"app/public/testdata/*/*.html", "public"}, {"app/console/testdata/*.html", "console"},
	} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(at.pattern)))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			p := Page{Site: at.site, State: strings.TrimSuffix(filepath.Base(file), ".html")}
			if p.Site == "public" {
				p.Language = filepath.Base(filepath.Dir(file))
			}
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no pages in %s: is it the project's top folder?", root)
	}
	return all, nil
}

// Handler gives a page, with the frame that the console's leave out, or an asset.
func Handler(root string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part := strings.Split(strings.TrimPrefix(path.Clean(r.URL.Path), "/"), "/")
		switch {
		case part[0] == "assets" && len(part) > 2:
			http.ServeFile(w, r, filepath.Join(append([]string{root, "assets"}, part[2:]...)...))
		case part[0] == "public" && len(part) == 3:
			http.ServeFile(w, r, filepath.Join(root, "app/public/testdata", part[1], part[2]))
		case part[0] == "console" && len(part) == 2:
			body, err := os.ReadFile(filepath.Join(root, "app/console/testdata", part[1]))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			fmt.Fprintf(w, `<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>職員用画面</title><link rel="stylesheet" href="/assets/x/console.css"></head>`+
				`<body><main id="main">%s</main></body></html>`, body)
		default:
			http.NotFound(w, r)
		}
	})
}
