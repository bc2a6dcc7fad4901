// Package console is the staff console (職員用画面): what those who work at the
// counter see and do. It has a listener of its own and needs no internet.
//
// Promises: every address but the sign-in page names a permission, in the one
// table below; an account that must change its password reaches nothing else
// before; a form that is sent twice is carried out once.
package console

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/watch"
	"madoguchi/app/web"
	"madoguchi/store"
)

// NotAllowed is the answer to a request that the signed-in role does not
// include (権限がありません).
var NotAllowed = problem.Define(problem.Forbidden, "not_allowed")

// Options say what the console works with; Store and Files are needed.
type Options struct {
	Store *store.Store
	// Files holds the folders assets, templates and docs/runbooks.
	Files fs.FS
	// Log takes one line for each request; nil means slog.Default().
	Log *slog.Logger
	// ResidentSite is the address of the resident site as people open it, without
	// a slash at its end; "" while nobody has said.
	ResidentSite string
	// TrustProxy believes X-Forwarded-Proto; see web.Options.
	TrustProxy bool
	// MailFrom is the address that mails come from; "" when none are sent.
	MailFrom string
	// Watch keeps an eye on the system; nil for one that alarms nobody.
	Watch *watch.Watcher
}

// Desk is the console of one town.
type Desk struct {
	residentSite string
	store        *store.Store
	site         *web.Site
	files        fs.FS
	// postal is the dictionary in use; it follows what the store holds.
	postal *intake.Dictionary
	runner *intake.Runner
	// mailFrom is the address that mails come from; "" when none are sent.
	mailFrom string
	watch    *watch.Watcher
	// town is how the town was set up when a page was last asked for: error
	// pages must not need the database to say whose they are.
	town atomic.Pointer[settings.Settings]
	// left is how much there is on the list of what a machine before has answered:
	// the menu leads there only then.
	left atomic.Int64
}

// New reads the console's templates and makes a Desk of them.
func New(ctx context.Context, o Options) (*Desk, error) {
	log := o.Log
	if log == nil {
		log = slog.Default()
	}
	d := &Desk{residentSite: o.ResidentSite, store: o.Store, files: o.Files, mailFrom: o.MailFrom, watch: o.Watch, postal: intake.NewDictionary(o.Store, log)}
	d.runner = intake.NewRunner(o.Store, d.postal, log)
	var err error
	if d.watch == nil {
		if d.watch, err = watch.New(watch.Options{Store: o.Store, Folder: filepath.Dir(o.Store.Path()), Log: log}); err != nil {
			return nil, err
		}
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		s, err := settings.Get(tx)
		d.town.Store(&s)
		return err
	})
	if err != nil {
		return nil, err
	}
	d.site, err = web.New(web.Options{
		Name: "console", Store: o.Store, Files: o.Files, Log: o.Log,
		Idle:       staffIdle,
		SignInPath: "/sign-in",
		Sound:      true,
		TrustProxy: o.TrustProxy,
		ErrorPage:  d.errorPage,
	})
	return d, err
}

func staffIdle(tx *store.Tx) (time.Duration, error) {
	s, err := settings.Get(tx)
	return s.StaffIdle, err
}

// Handler answers the console's listener.
func (d *Desk) Handler() *gin.Engine {
	e := web.NewEngine(d.site)
	for _, g := range d.routes() {
		d.site.Mount(e, "", g.Route)
	}
	return e
}

// guarded is a route with the permission that it needs; "" is for those who
// have yet to sign in.
type guarded struct {
	web.Route
	permission staff.Permission
}

// routes is every address of the console. Some of those that only do something
// answer GET too: that is where a reload after them leads.
func (d *Desk) routes() []guarded {
	return slices.Concat(
		d.accountRoutes(),
		d.recipientRoutes(),
		d.shelfRoutes(),
		d.dayRoutes(),
		d.listRoutes(),
		d.postalRoutes(),
		d.listFileRoutes(),
		d.renewalRoutes(),
		d.intakeRoutes(),
		d.announcementRoutes(),
		d.translationRoutes(),
		d.letterRoutes(),
		d.setupRoutes(),
		d.visitRoutes(),
		d.leftRoutes(),
		d.mailRoutes(),
		d.systemRoutes(),
	)
}

func (d *Desk) accountRoutes() []guarded {
	return []guarded{
		{Route: web.GET("/sign-in", d.askSignIn)},
		{Route: web.POST("/sign-in", d.signIn)},
		{Route: d.lookFileRoute()},
		d.need(staff.MayOwnPassword, web.GET("/sign-out", toToday)),
		d.need(staff.MayOwnPassword, web.POST("/sign-out", d.signOut)),
		d.need(staff.MayOwnPassword, web.GET("/password", d.askPassword)),
		d.need(staff.MayOwnPassword, web.POST("/password", d.changePassword)),
	}
}

func (d *Desk) recipientRoutes() []guarded {
	return []guarded{
		d.need(staff.MaySeeToday, web.GET("/", d.today)),
		d.need(staff.MaySearch, web.GET("/search", d.search)),

		d.need(staff.MaySearch, web.GET("/recipients/:ref", d.recipient)),
		d.need(staff.MaySearch, web.GET("/recipients/:ref/notes", toRecipient)),
		d.need(staff.MayWriteNotes, web.POST("/recipients/:ref/notes", d.writeNote)),
		d.need(staff.MayCorrect, web.GET("/recipients/:ref/contact", d.askContact)),
		d.need(staff.MayCorrect, web.POST("/recipients/:ref/contact", d.correctContact)),
		d.need(staff.MayRelease, web.POST("/recipients/:ref/release", d.releaseSignIn)),
		d.need(staff.MayIssue, web.GET("/recipients/:ref/issue", d.askIssue)),
		d.need(staff.MayIssue, web.POST("/recipients/:ref/issue", d.issue)),

		d.need(staff.MayBook, web.GET("/recipients/:ref/book", d.chooseSlot(toBook))),
		d.need(staff.MayBook, web.GET("/recipients/:ref/book/check", d.checkSlot(toBook))),
		d.need(staff.MayBook, web.POST("/recipients/:ref/book", d.takeSlot(toBook))),
		d.need(staff.MayBook, web.GET("/recipients/:ref/change", d.chooseSlot(toChange))),
		d.need(staff.MayBook, web.GET("/recipients/:ref/change/check", d.checkSlot(toChange))),
		d.need(staff.MayBook, web.POST("/recipients/:ref/change", d.takeSlot(toChange))),
		d.need(staff.MayBook, web.GET("/recipients/:ref/booked", d.booked)),
		d.need(staff.MayBook, web.GET("/recipients/:ref/cancel", d.askCancel)),
		d.need(staff.MayBook, web.POST("/recipients/:ref/cancel", d.cancel)),
	}
}

func toToday(c *gin.Context) error { return web.To(c, "/") }

func toRecipient(c *gin.Context) error { return web.To(c, "/recipients/"+string(refOf(c))) }

// beforePassword are the addresses that stay open to an account that has to
// choose a password of its own first.
var beforePassword = map[string]bool{"/password": true, "/sign-out": true}

// need lets through who is signed in with a role that includes the permission.
func (d *Desk) need(p staff.Permission, r web.Route) guarded {
	handle := r.Handle
	r.Handle = func(c *gin.Context) error {
		a, limit, err := d.signedIn(c)
		if err != nil {
			return err
		}
		c.Set(accountKey, a)
		c.Set(worksKey, limit)
		switch {
		case a.MustChange && !beforePassword[r.Path]:
			return web.To(c, "/password")
		case !a.Role.May(p):
			return NotAllowed
		}
		return handle(c)
	}
	return guarded{Route: r, permission: p}
}

const (
	staffKey   = "staff"                         // session: Ref of the account
	accountKey = "madoguchi/app/console.account" // request: the account itself
)

// signedIn finds the account of the session and the places to which it is
// limited. They are read with every request, so
// that a disabled account or a changed role or limit counts at once.
func (d *Desk) signedIn(c *gin.Context) (a staff.Account, limit []int64, err error) {
	session := d.site.Session(c)
	ref := store.Ref(session.Get(staffKey))
	if ref == "" {
		return a, nil, web.SignInNeeded
	}
	err = d.store.Read(c, func(tx *store.Tx) error {
		s, err := settings.Get(tx)
		if err != nil {
			return err
		}
		d.town.Store(&s)
		left, err := booking.LeftUndecided(tx)
		if err != nil {
			return err
		}
		d.left.Store(int64(left))
		if a, err = staff.ByRef(tx, ref); err != nil {
			return err
		}
		limit, err = staff.Venues(tx, a)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return a, nil, web.SignInNeeded
	}
	return a, limit, err
}

// account is who is signed in; need has put it there.
func account(c *gin.Context) staff.Account {
	return c.MustGet(accountKey).(staff.Account)
}

// actor is who acts in this request, for operations and the audit log.
func actor(c *gin.Context) audit.Actor { return account(c).Actor(web.RequestNumber(c)) }

func may(c *gin.Context, p staff.Permission) bool { return account(c).Role.May(p) }

// refOf is the Ref in the address.
func refOf(c *gin.Context) store.Ref { return store.Ref(c.Param("ref")) }

// write runs an operation and what it stands for in one transaction, once for
// each form, and sends the browser where do says, with a sentence about it.
func (d *Desk) write(c *gin.Context, flash string, do func(tx *store.Tx) (location string, err error)) error {
	return d.writeBy(d.store.Write, c, flash, do)
}

// writeBy is write by one of the store's ways.
func (d *Desk) writeBy(by func(context.Context, func(*store.Tx) error) error, c *gin.Context, flash string, do func(tx *store.Tx) (location string, err error)) error {
	var to string
	err := by(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) { return do(tx) })
		return err
	})
	if err != nil {
		return err
	}
	if flash != "" {
		d.site.Session(c).Flash(flash)
	}
	return web.To(c, to)
}
