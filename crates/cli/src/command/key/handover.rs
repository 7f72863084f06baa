//! Keys handed over to an SM2 public key: the institution's half of it, for whoever has no OpenSSL 3.

use std::path::PathBuf;

use yanmi_papers::{ApplicationNo, Chance, Offer, PrivateKey, Signed};

use crate::ambient;
use crate::failure::Failure;
use crate::{paper_file, private_file, sm2_key_file};

/// 生成一对 SM2 密钥：私钥写入文件，打印公钥
#[derive(Debug, clap::Args)]
pub(super) struct KeyPair {
    /// 写入私钥的文件，不能已经存在；只有本用户可以读
    #[arg(long, value_name = "文件")]
    private: PathBuf,
}

/// 用私钥对申请编号签名，证明持有私钥
#[derive(Debug, clap::Args)]
pub(super) struct Prove {
    /// 私钥文件（PEM）
    #[arg(long, value_name = "文件")]
    private: PathBuf,
    /// 申请编号
    #[arg(value_name = "申请编号")]
    application: String,
}

/// 打开中心交付的账户密钥（offer.json）：写入密钥文件，打印校验值
#[derive(Debug, clap::Args)]
pub(super) struct OpenOffer {
    /// 申请时的私钥文件（PEM）
    #[arg(long, value_name = "文件")]
    private: PathBuf,
    /// 中心签发所用的公钥文件；给出则核对签名
    #[arg(long, value_name = "文件")]
    issuer: Option<PathBuf>,
    /// 写入密钥的文件，不能已经存在；只有本用户可以读
    #[arg(long, value_name = "文件", default_value = "account.key")]
    out: PathBuf,
    /// 中心交付的文件
    #[arg(value_name = "offer.json")]
    offer: PathBuf,
}

impl KeyPair {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = PrivateKey::generate(&mut Chance::new(&mut ambient::fill));
        private_file::write_new(&self.private, &key.to_pem())?;
        let public = key.public();
        print!("{}", public.to_pem());
        println!("公钥标识  {}", public.id());
        Ok(())
    }
}

impl Prove {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = sm2_key_file::read(&self.private)?;
        let application = ApplicationNo::read(&self.application)
            .map_err(|error| Failure::new(format!("申请编号{error}")))?;
        let proof = key.prove(application).ok_or_else(|| Failure::new("这个私钥不能用于签名"))?;
        println!("{}", proof.to_base64());
        Ok(())
    }
}

impl OpenOffer {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = sm2_key_file::read(&self.private)?;
        let offer: Signed<Offer> = paper_file::read(&self.offer)?;
        if let Some(issuer) = &self.issuer {
            offer.check(&paper_file::public_key(issuer)?).map_err(|error| {
                Failure::new(format!(
                    "{} 的签名不对：{error}。不要使用其中的密钥，请联系中心密钥管理人员",
                    self.offer.display()
                ))
            })?;
        }
        let opened = offer.paper().open(&key);
        let opened =
            opened.map_err(|error| Failure::because(&format!("{} 不可用", self.offer.display()), &error))?;
        private_file::write_new(&self.out, &format!("{}\n", *opened.to_hex()))?;
        println!("业务系统编码  {}", offer.paper().org_id().as_str());
        println!("申请编号      {}", offer.paper().application());
        println!("第几个密钥    {}", offer.paper().generation());
        println!("密钥文件      {}", self.out.display());
        println!("校验值        {}", opened.kcv());
        if self.issuer.is_none() {
            eprintln!("注意：没有给出 --issuer，文件是否由中心签发没有核对");
        }
        eprintln!("请把校验值告知中心密钥管理人员；两边一致之前不要使用这个密钥");
        Ok(())
    }
}
