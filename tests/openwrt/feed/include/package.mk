# A package is told, not built: `make show`, `make install-NAME DESTDIR=…`, `make prepare`, `make compile`.
PKG_BUILD_DIR:=$(OUT)/build
PKG_INSTALL_DIR:=$(OUT)/install
FIELDS:=TITLE SECTION CATEGORY SUBMENU DEPENDS USERID VARIANT DEFAULT_VARIANT CONFLICTS PROVIDES URL
.DEFAULT_GOAL:=show

define BuildPackage
  $(foreach field,$(FIELDS),$(eval $(field):=))
  $(eval $(Package/$(1)))
  $(if $(strip $(TITLE)),,$(error $(1) has no title))
  $(eval PROVIDES:=$(strip @$(1)-any $(PROVIDES)))
  show: show-$(1)
  show-$(1):
	$(foreach field,$(FIELDS),@echo '$(1) $(field)=$($(field))'
	)
	@echo '$(1) conffiles=$(strip $(Package/$(1)/conffiles))'
	@echo '$(1) description=$(strip $(Package/$(1)/description))'
  install-$(1):
	$(call Package/$(1)/install,$(DESTDIR))
	# What of conffiles is no file is for sysupgrade to keep.
	for kept in $(strip $(Package/$(1)/conffiles)); do \
		[ -f $(DESTDIR)$$$$kept ] || { mkdir -p $(DESTDIR)/lib/upgrade/keep.d; echo $$$$kept >>$(DESTDIR)/lib/upgrade/keep.d/$(1); }; \
	done
endef

show:
	@echo '- PKG_VERSION=$(PKG_VERSION)'
	@echo '- PKG_LICENSE=$(PKG_LICENSE)'
	@echo '- PKG_BUILD_DEPENDS=$(PKG_BUILD_DEPENDS)'
	@echo '- PKG_SOURCE=$(PKG_SOURCE)'
	@echo '- PKG_SOURCE_URL=$(PKG_SOURCE_URL)'
	@echo '- PKG_HASH=$(PKG_HASH)'
	@echo '- PKG_MAINTAINER=$(PKG_MAINTAINER)'
	@echo '- PKG_RELEASE=$(PKG_RELEASE)'

compile:
	$(Build/Compile)
