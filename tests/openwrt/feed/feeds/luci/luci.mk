# As LuCI's: it makes a package of what a Makefile says before it reads this. Here that is told.
.DEFAULT_GOAL:=show

show:
	@echo 'LUCI_DEPENDS=$(LUCI_DEPENDS)'
	@echo 'LUCI_MAINTAINER=$(LUCI_MAINTAINER)'
	@echo 'LUCI_PKGARCH=$(LUCI_PKGARCH)'
