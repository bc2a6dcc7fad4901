package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// NewEngine makes the router for a site: its assets, and full pages for
// addresses and methods that have no route. Mount adds the rest.
func NewEngine(s *Site) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	// So that a *gin.Context ends with its request when it is used as a context.
	e.ContextWithFallback = true
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ForwardedByClientIP = false
	if err := e.SetTrustedProxies(nil); err != nil {
		panic(err) // an empty list cannot be wrong
	}
	e.Use(s.methodAllowed)
	e.NoRoute(func(c *gin.Context) { s.refuse(c, http.StatusNotFound) })
	e.NoMethod(func(c *gin.Context) { s.refuse(c, http.StatusMethodNotAllowed) })
	serve := func(c *gin.Context) { s.serve(c, languageAt(""), Route{Method: http.MethodGet, Handle: s.serveAsset}) }
	e.GET("/assets/:hash/*name", serve)
	e.HEAD("/assets/:hash/*name", serve)
	return e
}

// NewServer makes the server for one listener. Its limits of time end
// connections that are slow on purpose; they leave a minute for an honest one.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
