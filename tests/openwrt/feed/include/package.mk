# A package is told, not built: `make show`, `make install-NAME DESTDIR=…`, `make prepare`, `make compile`.
PKG_BUILD_DIR:=$(OUT)/build
PKG_INSTALL_DIR:=$(OUT)/install
FIELDS:=TITLE SECTION CATEGORY SUBMENU DEPENDS USERID VARIANT DEFAULT_VARIANT CONFLICTS PROVIDES
.DEFAULT_GOAL:=show

define BuildPackage
  $(foreach field,$(FIELDS),$(eval $(field):=))
  $(eval $(Package/$(1)))
  $(if $(strip $(TITLE)),,$(error $(1) has no title))
  show: show-$(1)
  show-$(1):
	$(foreach field,$(FIELDS),@echo '$(1) $(field)=$($(field))'
	)
	@echo '$(1) conffiles=$(Package/$(1)/conffiles)'
	@echo '$(1) description=$(if $(strip $(Package/$(1)/description)),yes)'
  install-$(1):
	$(call Package/$(1)/install,$(DESTDIR))
endef

show:
	@echo '- PKG_VERSION=$(PKG_VERSION)'
	@echo '- PKG_LICENSE=$(PKG_LICENSE)'
	@echo '- PKG_BUILD_DEPENDS=$(PKG_BUILD_DEPENDS)'
	@echo '- PKG_SOURCE=$(PKG_SOURCE)'
	@echo '- PKG_HASH=$(PKG_HASH)'

prepare:
	$(Build/Prepare)

compile:
	$(Build/Compile)
