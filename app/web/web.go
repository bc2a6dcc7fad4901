// Package web is what both sites share about HTTP: routes, sessions, forms,
// words, pages and errors. It knows no word of the domain.
//
// Promises: a page is sent whole or not at all; no POST is answered without
// the token of the session's own form; a form that is sent twice is carried
// out once; the log holds route patterns and request numbers, never addresses,
// queries, form values or names.
package web

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"

	"madoguchi/store"
)

// DefaultMaxBody is the most bytes that a request may carry, unless
// Options.MaxBody or Route.Limit says otherwise.
const DefaultMaxBody = 1 << 20

// Options say what a site is made of. Name, Store, Files and Idle are needed.
type Options struct {
	// Name is "public" or "console": it names the cookie, the layout and the
	// folder of the pages.
	Name string
	// Store keeps sessions and answered forms.
	Store *store.Store
	// Files holds the folders assets and templates.
	Files fs.FS
	// Log takes one line for each request; nil means slog.Default().
	Log *slog.Logger
	// Idle tells after how long without a request a session ends. It is asked
	// with each request that has a session, in the transaction that reads it.
	Idle func(*store.Tx) (time.Duration, error)
	// SignInPath is where problem.SignIn sends people, without language prefix.
	SignInPath string
	// TrustProxy believes X-Forwarded-Proto, for a site that only a proxy can
	// reach. The proxy must pass the Host header on.
	TrustProxy bool
	// Script allows scripts from the site's own assets.
	Script bool
	// Sound allows sounds from the site's own assets.
	Sound bool
	// MaxBody is the most bytes that a request may carry; 0 means DefaultMaxBody.
	MaxBody int64
	// Funcs are added to the functions that templates may call.
	Funcs template.FuncMap
	// ErrorPage may put p into a page struct of the site's own, which
	// templates/<site>/error.html then gets. nil hands p itself over. It is
	// called after faults too, so it must not rely on the database.
	ErrorPage func(c *gin.Context, p ErrorPage) any
	// Sheet is the asset that every page of the site needs before it can be read;
	// browsers are told of it with the answer's headers, before they have the page.
	Sheet string
	// Furigana reads templates/words/furigana.txt, for languages with readings.
	Furigana bool
}

// Site is one listener's machinery.
type Site struct {
	name       string
	store      *store.Store
	log        *slog.Logger
	signInPath string
	trustProxy bool
	maxBody    int64
	policy     string // Content-Security-Policy
	errorPage  func(*gin.Context, ErrorPage) any
	preload    string // address of the style sheet that every page uses; "" for none

	words    *Catalogues
	furigana *furigana // nil where no page has any
	assets   *assets
	views    map[string]*template.Template
	sessions sessions.Store

	recoloured atomic.Pointer[Recoloured]

	mu        sync.RWMutex
	languages []Language      // in which the site is mounted
	readable  map[string]bool // patterns that answer GET
}

// New reads words, templates and assets and makes a site of them. A template
// or catalogue that is broken is an error here, not when a page is asked for.
func New(o Options) (*Site, error) {
	if o.Name == "" || o.Store == nil || o.Files == nil || o.Idle == nil {
		return nil, errors.New("web: a site needs Name, Store, Files and Idle")
	}
	s := &Site{
		name: o.Name, store: o.Store, log: o.Log, signInPath: o.SignInPath,
		trustProxy: o.TrustProxy, maxBody: o.MaxBody, errorPage: o.ErrorPage,
		policy: contentPolicy(o.Script, o.Sound), readable: map[string]bool{},
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.maxBody == 0 {
		s.maxBody = DefaultMaxBody
	}
	s.sessions = &sessionStore{store: o.Store, site: o.Name, idle: o.Idle, secure: s.secure}
	var err error
	if s.words, err = LoadWords(o.Files); err != nil {
		return nil, err
	}
	if o.Furigana {
		if s.furigana, err = loadFurigana(o.Files); err != nil {
			return nil, err
		}
	}
	if s.assets, err = loadAssets(o.Files); err != nil {
		return nil, err
	}
	if o.Sheet != "" {
		at, err := s.asset(o.Sheet)
		if err != nil {
			return nil, err
		}
		s.preload = at
	}
	if s.views, err = loadViews(o.Files, o.Name, s.funcs(o.Funcs)); err != nil {
		return nil, fmt.Errorf("site %s: %w", o.Name, err)
	}
	return s, nil
}

// Words are the catalogues that the site speaks from.
func (s *Site) Words() *Catalogues { return s.words }

// secure tells whether the person's side of the connection is encrypted.
func (s *Site) secure(r *http.Request) bool {
	return r.TLS != nil || s.trustProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
